import { PROVIDER_ERRORS } from '../../src/core/agents/contract/provider-errors.ts';
import { ACTION_ERRORS } from '../../src/core/caller/errors/action-errors.ts';
import { READING_ERRORS } from '../../src/core/caller/errors/reading-errors.ts';
import { START_ERRORS } from '../../src/core/caller/errors/start-errors.ts';
import { SERVER_ERRORS } from '../../src/core/faces/mcp/server-errors.ts';
import { CLI_ERRORS } from '../../src/core/faces/terminal/cli-errors.ts';
import { BASE_ERRORS } from '../../src/core/kernel/base-errors.ts';
import { type Explanation, SamocodeError } from '../../src/core/kernel/errors.ts';
import { PERSONAL } from '../../src/core/kernel/phases/channels.ts';
import { CHECKPOINT_ERRORS } from '../../src/core/project/checkpoints/checkpoint-errors.ts';
import { PROJECT_ERRORS } from '../../src/core/project/finding/project-errors.ts';
import { GIT_ERRORS, REPOSITORY_ERRORS } from '../../src/core/project/git/git-errors.ts';
import { COPY_ERRORS } from '../../src/core/project/proving/run-on-clone.ts';
import { SETTING_ERRORS } from '../../src/core/project/settings/setting-errors.ts';
import { WORKTREE_ERRORS } from '../../src/core/project/worktrees/worktree-errors.ts';
import { COMMAND_ERRORS } from '../../src/core/session/commands/command-errors.ts';
import { GATE_ERRORS } from '../../src/core/session/commands/gate-errors.ts';
import { SESSION_ERRORS } from '../../src/core/session/layout/session-errors.ts';
import { WORKER_ERRORS } from '../../src/core/worker/state/worker-errors.ts';
import { PORT_ERRORS } from '../../src/extensions/application/ports/port-errors.ts';
import { SERVICE_ERRORS } from '../../src/extensions/application/services/judge-services.ts';
import { CHAT_ERRORS } from '../../src/extensions/chats/chat-errors.ts';
import { EVENT_ERRORS } from '../../src/extensions/github/action/event-errors.ts';
import { FORGE_ERRORS } from '../../src/extensions/github/forge/forge-errors.ts';
import { INTAKE_ERRORS } from '../../src/extensions/github/settings.ts';
import { IMPORT_ERRORS } from '../../src/extensions/import/import-errors.ts';
import { NOTIFY_ERRORS } from '../../src/extensions/notify/channels/channel.ts';
import { TELEGRAM_ERRORS } from '../../src/extensions/notify/telegram/set-up-telegram.ts';
import { WEB_ERRORS } from '../../src/extensions/pages/web/web-errors.ts';
import { POOL_ERRORS } from '../../src/extensions/pool/pool-errors.ts';
import { RECURRING_ERRORS } from '../../src/extensions/recurring/recurring-errors.ts';
import { DEMO_ERRORS } from '../../src/extensions/rehearsal/demo/chat.ts';
import { INSTALL_ERRORS } from '../../src/extensions/setup/install/install-errors.ts';

/** Every table of errors, by its name. */
export const ERROR_TABLES = {
  ACTION_ERRORS,
  BASE_ERRORS,
  CHAT_ERRORS,
  CHECKPOINT_ERRORS,
  CLI_ERRORS,
  COMMAND_ERRORS,
  COPY_ERRORS,
  DEMO_ERRORS,
  EVENT_ERRORS,
  FORGE_ERRORS,
  GATE_ERRORS,
  GIT_ERRORS,
  IMPORT_ERRORS,
  INSTALL_ERRORS,
  INTAKE_ERRORS,
  NOTIFY_ERRORS,
  POOL_ERRORS,
  PORT_ERRORS,
  SERVICE_ERRORS,
  PROJECT_ERRORS,
  PROVIDER_ERRORS,
  READING_ERRORS,
  RECURRING_ERRORS,
  REPOSITORY_ERRORS,
  SERVER_ERRORS,
  SESSION_ERRORS,
  SETTING_ERRORS,
  START_ERRORS,
  TELEGRAM_ERRORS,
  WEB_ERRORS,
  WORKER_ERRORS,
  WORKTREE_ERRORS,
};

/** `hasOwnNext`: its next steps do not depend on its arguments. */
export type ExampleError = SamocodeError<string, { hasOwnNext: boolean }>;

/** One error of each code, sorted by code; its arguments are shown as `<name>`. */
export function exampleErrors(): ExampleError[] {
  const rows = Object.values(ERROR_TABLES).flatMap((table) => Object.entries(table));
  return rows.map(([code, row]) => exampleOf(code, row)).sort((a, b) => (a.code < b.code ? -1 : 1));
}

function exampleOf(code: string, row: { explain: unknown }): ExampleError {
  // Each row is called with a stand-in for every argument that it may read.
  const explained = (row.explain as (args: unknown) => Explanation)(STAND_INS);
  const { what, why, hint = '', modelHint = hint, next = [] } = explained;
  const hasOwnNext = Array.isArray(next);
  // A stand-in by itself is not yet a string.
  const words = {
    ...{ what: String(what), why: String(why), hint: String(hint), modelHint: String(modelHint) },
    // A step without a session is shown with a placeholder for it.
    next: hasOwnNext ? next.map((step) => ({ ...step, session: undefined })) : [],
  };
  return new SamocodeError(code, { hasOwnNext }, words);
}

const STAND_INS = new Proxy(
  // A stand-in would count as every channel, also as those by which a person is not known.
  { persons: PERSONAL },
  { get: (known, name) => Reflect.get(known, name) ?? standIn(String(name)) },
);

/** A value that is shown as `<name>`. Its properties are stand-ins too, and its methods return it. */
function standIn(name: string, owner?: unknown): unknown {
  const words = () => `<${name}>`;
  const value: unknown = new Proxy(() => undefined, {
    get(_, key) {
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'toJSON') return words;
      if (key === Symbol.iterator) return () => [value][Symbol.iterator]();
      return standIn(String(key), value);
    },
    apply: () => owner,
  });
  return value;
}
