import { basename, join } from 'node:path';
import { earlyRefusal } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { namedFolder, type ProjectQuestion } from '../../caller/context/find-project-for.ts';
import { type FoundSession, findSessionAndPlace } from '../../caller/context/find-session.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { readyProject } from '../../caller/refusals/ready-project.ts';
import { PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { branchOf } from '../../project/git/branch-name.ts';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { earlierWorktree } from '../../project/worktrees/worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { refused } from '../../session/commands/judge-kind.ts';
import { readOverview } from '../../session/documents/overview.ts';
import { normalizeNewName } from '../../session/layout/names.ts';
import {
  continuationOf,
  type LegacyFolder,
  obstaclesIn,
  placeOf,
  readLegacyFolder,
} from '../../session/legacy-session.ts';
import { type Begun, beginSession } from './begin-session.ts';
import { newSession, type SessionRequest } from './new-session.ts';
import type { SessionChoices, StartSessionInput } from './start-choices.ts';
import type { FolderWork } from './work.ts';

export interface Adoption
  extends FoundSession,
    Pick<ProjectQuestion, 'call'>,
    Partial<Pick<SessionRequest, 'group' | 'run'>> {
  /** The task, if the folder has no overview. For a finished session, the goal with which it is then resumed. */
  goal?: string | undefined;
  /** The phase to continue at. Defaults to the one that the files indicate. */
  phase?: Phase | undefined;
  /** Further choices, as for a start. */
  choices?: Omit<SessionChoices, 'branch'> | undefined;
}

/**
 * Creates a session from a folder without machine state, which the Python samocode left or a person prepared.
 * It waits at the first gate that no person is known to have opened, and is an ordinary session from then on.
 */
export async function adoptSession(adoption: Adoption, context: ActionContext): Promise<Begun> {
  const { view, place, goal, call, phase, group, choices, run = true } = adoption;
  const { paths, folder } = view;
  await refuseFromInside(context);
  const old = await readLegacyFolder(paths);
  if (old === undefined) throw START_ERRORS.task_unknown({ session: folder });
  requireAdoptable(old, adoption);
  const found = placeOf(old, folder, phase);
  if ('question' in found) throw START_ERRORS.phase_unknown({ session: folder, question: found.question });
  const project = await readyProject({ projectDir: place.filePath, call, base: choices?.base }, context);
  const { task, totalIterations = 0, iteration = 0, workingDir } = readOverview(old.overview ?? '');
  const branch = await branchOfAdopted(project, { folder, workingDir }, context);
  const request: SessionRequest = {
    folder,
    group,
    run,
    choices: { ...choices, branch },
    task: old.overview === undefined ? goal : task.trim() || folder,
    takenOver: (gates) => ({
      totalIterations: totalIterations || iteration,
      decision: continuationOf(found, old, { folder, gates }),
    }),
  };
  const begun = await beginSession(await newSession(project, request, context), context);
  if (begun === undefined) throw START_ERRORS.run_already({ session: folder });
  return begun;
}

function requireAdoptable(old: LegacyFolder, { view, goal, phase }: Adoption): void {
  const { folder: session, paths, state } = view;
  const isDone = state.status.kind === 'done';
  if (isDone && goal === undefined && phase === undefined)
    throw earlyRefusal(refused(COMMAND_ERRORS.goal_missing()), view);
  if (!isDone && goal !== undefined && old.overview !== undefined) throw ACTION_ERRORS.not_done({ session });
  for (const { code, problem } of obstaclesIn(old, paths)) throw START_ERRORS[code]({ session, problem });
  if (old.overview === undefined && goal === undefined) throw START_ERRORS.task_unknown({ session });
}

/**
 * Returns the branch of the existing worktree, whatever its name, because its commits belong to the session.
 * Without a worktree, returns the one that the Python samocode used: with a prefix only if a person chose it.
 */
async function branchOfAdopted(
  { mainRepo, values, sources }: Project,
  { folder, workingDir = '' }: { folder: string; workingDir?: string | undefined },
  { env }: ActionContext,
): Promise<string> {
  const worktreePath = join(values.worktrees, folder);
  const own = await earlierWorktree(worktreePath, mainRepo, { baseEnv: env });
  const named = await earlierWorktree(workingDir, mainRepo, { baseEnv: env });
  if (named !== undefined && named.path !== own?.path)
    throw START_ERRORS.work_elsewhere({ session: folder, earlier: named.path, worktreePath });
  const prefix = sources.branchPrefix?.kind === 'default' ? '' : values.branchPrefix;
  return own?.branch ?? branchOf(folder, prefix);
}

/** Continues a folder prepared by hand at the given phase: it becomes a session that waits at its gate. */
export async function continueFolder(
  { work, project: projectDir, choices, run }: StartSessionInput<FolderWork>,
  context: ActionContext,
): Promise<Begun> {
  const { from } = work;
  const question = { session: basename(from), projectDir, isWholeName: true };
  const found = await findSessionAndPlace(question, context);
  const { folder: session, isForeign, paths } = found.view;
  if (from.includes('/')) {
    const folder = namedFolder(from, context);
    if ((await realPathAsFar(folder)) !== (await realPathAsFar(paths.sessionDir)))
      throw START_ERRORS.not_in_sessions({ folder, sessions: paths.sessionsDir });
  }
  if (!isForeign) throw START_ERRORS.run_already({ session });
  const written = work.phase?.toLowerCase();
  const phase = SELECTABLE.find((each) => each === written);
  if (written && !phase) throw START_ERRORS.bad_phase({ given: written, allowed: SELECTABLE });
  const group = choices?.group && normalizeNewName('group', choices.group);
  return await adoptSession({ ...found, phase, group, choices, call: choices?.settings, run }, context);
}

/** The worker always runs `init` first, and a finished session continues with a new goal. */
const SELECTABLE = PHASE_NAMES.filter((phase) => phase !== 'init' && phase !== 'done');
