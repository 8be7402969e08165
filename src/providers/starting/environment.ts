import { delimiter, dirname } from 'node:path';
import { definedOnly } from '../../base/defined-only.ts';
import { isFineForGit } from '../../base/processes/git-variables.ts';
import { PROVIDERS } from '../registry.ts';

/** The session's ULID, in the environment of every process of an agent. */
export const SESSION_MARK = 'SAMOCODE_SESSION';
/** The iteration, a number from 1, next to `SESSION_MARK`. */
export const ITERATION_MARK = 'SAMOCODE_ITERATION';

export interface ChildFacts {
  sessionUlid: string;
  iteration: number;
  /** Absolute; its folder is appended to PATH, where the node in a CLI's first line often is. */
  cliPath?: string;
}

/**
 * The environment of an agent: the worker's, without variables the parent client sets for *its* children, our settings
 * and secrets, and git's and npm's pointers to other folders, plus marks that identify the agent's processes. Logins,
 * proxies and the rest are passed unchanged.
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { sessionUlid, iteration, cliPath }: ChildFacts,
): Record<string, string> {
  const kept = definedOnly(env, isForChild);
  return {
    ...kept,
    ...GIT_FOR_CHILDREN,
    PATH: pathForChild(kept.PATH, cliPath),
    [SESSION_MARK]: sessionUlid,
    [ITERATION_MARK]: String(iteration),
  };
}

/**
 * git maintenance would outlive the agent and hold the repository's lock; nobody can type a password or close an
 * editor.
 */
const GIT_FOR_CHILDREN = {
  GIT_CONFIG_COUNT: '3',
  GIT_CONFIG_KEY_0: 'gc.auto',
  GIT_CONFIG_VALUE_0: '0',
  GIT_CONFIG_KEY_1: 'maintenance.auto',
  GIT_CONFIG_VALUE_1: 'false',
  // Pruning fails in the guard, and the whole fetch with it.
  GIT_CONFIG_KEY_2: 'fetch.prune',
  GIT_CONFIG_VALUE_2: 'false',
  GIT_TERMINAL_PROMPT: '0',
  GIT_EDITOR: 'true',
};

/** Variables that agent CLIs set for their children, about another session. Several agents set `AI_AGENT`. */
const PARENT_CLIENT = new Set(['AI_AGENT', ...PROVIDERS.flatMap(({ leftovers = [] }) => leftovers)]);

/** Variables `npx` sets for its program; npm inside an agent would mistake our folder for its own. */
const OF_NPX =
  /^(?:npm_(?:package_|lifecycle_|command$|execpath$|node_execpath$|config_local_prefix$)|INIT_CWD$)/;

/** The rehearsal agent needs its own variables. */
const OURS = /^(?:SAMOCODE_(?!REHEARSAL_)|REHEARSAL_)/;

/** A notification setting, possibly a secret. NOTIFY_SOCKET is systemd's. */
export function isNotifyVariable(name: string): boolean {
  return /^(?:NOTIFY_(?!SOCKET$)|TELEGRAM_)/.test(name);
}

/** A program that knows the user's password: our calls don't need it, but an agent may have to push. */
const GIT_FOR_PUSHING = 'GIT_ASKPASS';

function isForChild(name: string): boolean {
  if (!isFineForGit(name)) return name === GIT_FOR_PUSHING;
  return !PARENT_CLIENT.has(name) && !OF_NPX.test(name) && !OURS.test(name) && !isNotifyVariable(name);
}

const BARE_PATH = '/usr/local/bin:/usr/bin:/bin';

function pathForChild(path = BARE_PATH, cliPath?: string): string {
  const isPassing = (folder: string) => PROVIDERS.some(({ passingFolder }) => passingFolder?.test(folder));
  const folders = path.split(delimiter).filter((folder) => !isPassing(folder));
  const own = cliPath === undefined ? [] : [dirname(cliPath)];
  return [...folders, ...own.filter((folder) => !folders.includes(folder))].join(delimiter);
}
