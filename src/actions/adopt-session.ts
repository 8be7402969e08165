import { join } from 'node:path';
import { ulid } from 'ulid';
import { isoUtc } from '../base/clock.ts';
import { SamocodeError } from '../base/errors.ts';
import { statsAt } from '../base/look-at.ts';
import { plainText } from '../base/plain-file.ts';
import { earlierWorktree } from '../project/earlier-worktree.ts';
import { requireIdentity } from '../project/repository.ts';
import type { CallSettings } from '../project/settings.ts';
import { FORMAT_VERSION } from '../session/events.ts';
import { nestedProblem } from '../session/foreign-session.ts';
import { readOverview } from '../session/overview.ts';
import { MAX_OVERVIEW_BYTES } from '../session/paths.ts';
import type { SessionFile } from '../session/session-file.ts';
import { readSession, type SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findProjectFor } from './find-project-for.ts';
import { freezeSettings } from './freeze-settings.ts';
import { makeRunFolder } from './make-run-folder.ts';
import { refuseFromInside } from './refuse-from-inside.ts';
import { requireTrust } from './require-trust.ts';
import type { SessionsPlace } from './sessions-places.ts';

export interface Adoption {
  view: SessionView;
  place: SessionsPlace;
  /** For the next child. */
  note?: string | undefined;
  /** New work, for one that is done. */
  goal?: string | undefined;
  /** Settings that the call names. */
  call?: CallSettings | undefined;
}

/**
 * Takes over a folder of the original tool as it stands: it gets a run folder, and goes on where its
 * notebook says. Its own files are not touched here.
 * @throws ProjectNotTrustedError; what `findProjectFor`, `requireIdentity` and `freezeSettings` throw; CommandRefusedError, WorkerUnresponsiveError
 */
export async function adoptSession(adoption: Adoption, context: ActionContext): Promise<SessionView> {
  const { view, place, note, goal, call } = adoption;
  const { clock, by } = context;
  const { paths, folder } = view;
  await refuseFromInside(context);
  if (statsAt(paths.overview) === undefined) throw new NestedLayoutError(view);
  const project = await findProjectFor({ projectDir: place.filePath, call }, context);
  await requireTrust(project, context);
  await requireIdentity(project.mainRepo, { baseEnv: context.env });
  const text = await plainText(paths.overview, MAX_OVERVIEW_BYTES);
  if (text === undefined) throw new OverviewUnusableError(view);
  const { worktrees: worktreesDir, sessions: sessionsDir } = project.values;
  const branch = await earlierBranch(
    { overview: text, worktreePath: join(worktreesDir, folder), mainRepo: project.mainRepo },
    context,
  );
  const settings = await freezeSettings(project, { folder, branch }, context);
  const at = isoUtc(clock.now());
  const id = ulid(clock.now());
  const start = { kind: 'start', run: true } as const;
  const file: SessionFile = {
    v: FORMAT_VERSION,
    id: ulid(clock.now()),
    folder,
    createdAt: at,
    task: readOverview(text).task.trim() || folder,
    mainRepo: project.mainRepo,
    worktreesDir,
    sessionsDir,
    configPath: project.filePath,
    adopted: true,
    ...(goal !== undefined && { goal }),
    settings,
  };
  // Somebody else may adopt it at the same moment: then theirs counts, and the command goes to it.
  await makeRunFolder(paths, file, { v: FORMAT_VERSION, id, by, at, ...start });
  const started = await afterCommand(view, start, ['prepared', 'blocked'], context, { id });
  if (note !== undefined)
    await afterCommand(started.view, { kind: 'message', text: note }, ['message_kept'], context);
  return (await readSession(paths, context.host)) ?? started.view;
}

interface EarlierWork {
  overview: string;
  worktreePath: string;
  mainRepo: string;
}

/** The branch of the worktree that it has already, whatever it is called: its commits are the session's. */
async function earlierBranch(
  { overview, worktreePath, mainRepo }: EarlierWork,
  { env }: ActionContext,
): Promise<string | undefined> {
  const here = await earlierWorktree(worktreePath, mainRepo, { baseEnv: env });
  if (here) return here.branch;
  const { workingDir = '' } = readOverview(overview);
  return (await earlierWorktree(workingDir, mainRepo, { baseEnv: env }))?.branch;
}

class OverviewUnusableError extends SamocodeError {
  readonly code = 'overview_unusable';

  constructor({ folder, paths }: SessionView) {
    super(
      `Session ${folder} was not taken over.`,
      `${paths.overview} is not a plain file of at most ${MAX_OVERVIEW_BYTES} bytes.`,
      'Shorten or replace it, then resume the session.',
    );
  }
}

class NestedLayoutError extends SamocodeError {
  readonly code = 'nested_layout';

  constructor({ folder, paths }: SessionView) {
    super(`Session ${folder} was not taken over.`, nestedProblem(paths), 'Then resume it.');
  }
}
