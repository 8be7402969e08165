import { ulid } from 'ulid';
import { isoUtc } from '../../base/clock.ts';
import { GATES, type Gate } from '../../phases/table.ts';
import type { Project } from '../../project/finding/open-project.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeStart } from '../../session/commands/judge-start.ts';
import { FORMAT_VERSION } from '../../session/events/format-version.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';
import { accepted } from '../acting/early-refusal.ts';
import { sandboxNow } from '../preconditions/sandbox-now.ts';
import { refuseWhatCannotRun } from '../preconditions/what-cannot-run.ts';
import { freezeSettings } from './freeze-settings.ts';
import type { SessionChoices } from './start-choices.ts';

export interface SessionWish
  extends SessionChoices,
    Pick<SessionFile, 'task' | 'dive' | 'goal' | 'group' | 'adopted' | 'handedOver'> {
  /** False: everything is prepared and nothing runs until it is resumed. */
  run: boolean;
  /** A gate that it has, whatever GATES says. */
  gate?: Gate | undefined;
}

/** All that a run folder begins with. */
export interface NewSession {
  paths: SessionPaths;
  file: SessionFile;
  start: CommandOf<'start'>;
  /** About settings that have no effect or another one than it seems, and why there is no guard although one is wanted. */
  warnings: string[];
}

/**
 * Settles what a new session is: its settings, its sandbox, its identity and its first command. Nothing is written.
 * @throws an early refusal; what `freezeSettings` and `sandboxNow` throw
 */
export async function newSession(
  project: Project,
  { run, gate, task, dive, goal, group, adopted, handedOver, ...choices }: SessionWish,
  context: ActionContext,
): Promise<NewSession> {
  const { clock, by } = context;
  const { folder } = choices;
  const { mainRepo, filePath: configPath, values } = project;
  const chosen = await freezeSettings(project, choices, context);
  const settings = { ...chosen, gates: GATES.filter((each) => chosen.gates.includes(each) || each === gate) };
  accepted(judgeStart({ by }, {}, { ...settings, handedOver }));
  refuseWhatCannotRun(settings, context);
  const places = { mainRepo, worktreesDir: values.worktrees, sessionsDir: values.sessions };
  const { level: sandbox, warning } = await sandboxNow({ ...places, settings }, context);
  const at = isoUtc(clock.now());
  const envelope = { v: FORMAT_VERSION, id: ulid(clock.now()) } as const;
  return {
    paths: sessionPaths(values.sessions, folder),
    file: {
      ...envelope,
      folder,
      createdAt: at,
      ...{ task, dive, ...places, configPath, adopted, handedOver, group, goal, settings, sandbox },
    },
    start: { v: FORMAT_VERSION, id: ulid(clock.now()), by, at, kind: 'start', run },
    warnings: [...(warning === undefined ? [] : [warning]), ...project.warnings.map(({ text }) => text)],
  };
}
