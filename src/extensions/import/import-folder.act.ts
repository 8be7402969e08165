import { rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { type Begun, beginSession } from '../../core/acts/sessions/begin-session.ts';
import { newSession, type SessionRequest } from '../../core/acts/sessions/new-session.ts';
import type { StartSessionInput } from '../../core/acts/sessions/start/start-choices.ts';
import type { FolderWork } from '../../core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { refuseFromInside } from '../../core/caller/context/refuse-from-inside.ts';
import { safeGitAt } from '../../core/caller/context/session-branch.ts';
import { projectDirOf, sessionIndex } from '../../core/caller/context/session-index.ts';
import { namedFolder } from '../../core/caller/context/which-projects.ts';
import { ACTION_ERRORS } from '../../core/caller/errors/action-errors.ts';
import { START_ERRORS } from '../../core/caller/errors/start-errors.ts';
import { readyProject } from '../../core/caller/refusals/ready-project.ts';
import { namesAt, statsAt } from '../../core/kernel/files/path-stats.ts';
import type { Decision } from '../../core/kernel/phases/decision.ts';
import { type Phase, WORK_PHASES } from '../../core/kernel/phases/table.ts';
import { park } from '../../core/kernel/phases/verdict.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { realPathAsFar } from '../../core/project/git/real-path.ts';
import { resolveBase } from '../../core/project/worktrees/base-commit.ts';
import { branchOf } from '../../core/project/worktrees/branch-name.ts';
import { earlierWorktree, ensureWorktree } from '../../core/project/worktrees/worktree.ts';
import { readOverview } from '../../core/session/documents/overview.ts';
import type { TakenOver } from '../../core/session/events/bodies/positions.ts';
import { isUnimported, NESTED_FOLDER, unimportedFolders } from '../../core/session/folder/session-list.ts';
import { foldersOfId, normalizeNewName, resolveSessionFolder } from '../../core/session/layout/names.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../core/session/layout/paths.ts';
import { IMPORT_ERRORS } from './import-errors.ts';
import {
  continuationOf,
  type FolderFacts,
  type FolderPlace,
  notPlain,
  placeOf,
  readUnimported,
  reasonOf,
} from './unimported-folder.ts';

export interface ImportInput {
  /** The name or path of the folder. */
  folder: string;
  projectDir?: string;
  /** Defaults to the phase that its overview names. */
  phase?: string;
  /** The person says that no other machine works on it. */
  anyway?: boolean;
}

/** Makes a session of a folder of the Python samocode. It waits for a person, and no agent runs before that. */
export async function importFolder(input: ImportInput, context: ActionContext): Promise<Begun> {
  await refuseFromInside(context);
  return await adoptFolder({ ...input, isImport: true, choices: {}, run: false }, context);
}

/** Continues a folder prepared by hand at the given phase: it becomes a session that waits at its gate. */
export async function continueFolder(
  { work, project: projectDir, choices = {}, run = true }: StartSessionInput<FolderWork>,
  context: ActionContext,
): Promise<Begun> {
  const { from: folder, phase } = work;
  return await adoptFolder({ folder, projectDir, phase, isImport: false, choices, run }, context);
}

interface Adoption extends ImportInput, Pick<SessionRequest, 'run'> {
  choices: NonNullable<StartSessionInput['choices']>;
  /** If false, an agent may run at once where no gate stops it. */
  isImport: boolean;
}

async function adoptFolder(
  { isImport, choices, run, ...asked }: Adoption,
  context: ActionContext,
): Promise<Begun> {
  const { filePath, paths } = await findUnimported(asked, context);
  const { folder } = paths;
  const phase = knownPhase(asked.phase);
  const { settings: call, base } = choices;
  const project = await readyProject({ projectDir: filePath, call, base }, context);
  await moveUp(paths);
  const facts = await factsOf(paths);
  const place = placeOf(facts, folder, phase) ?? (isImport ? PHASE_UNKNOWN : undefined);
  if (place === undefined) throw START_ERRORS.phase_unknown({ session: folder });
  const { task, totalIterations = 0, iteration = 0, workingDir, host } = readOverview(facts.overview);
  if (isImport && host !== undefined && host !== hostname() && !asked.anyway)
    throw IMPORT_ERRORS.worked_on_elsewhere({ session: folder, host });
  const branch = await branchOfAdopted(project, { folder, workingDir }, context);
  const worktree = place.stated.kind === 'done' ? await doneWorktree(project, folder, context) : undefined;
  const request: SessionRequest = {
    folder,
    group: choices.group && normalizeNewName('group', choices.group),
    // If the settings open every gate, only a resume may let an agent of an imported folder run.
    run: run || (isImport && project.values.gates.length > 0),
    choices: { ...choices, branch },
    task: task.trim() || folder,
    takenOver: (gates) => {
      const decision = continuationOf(place, facts, { folder, gates });
      return {
        totalIterations: totalIterations || iteration,
        worktree,
        decision: isImport ? atRest(decision, place) : decision,
      };
    },
  };
  const begun = await beginSession(await newSession(project, request, context), context);
  if (begun === undefined) throw START_ERRORS.run_already({ session: folder });
  return begun;
}

const PHASE_UNKNOWN: FolderPlace = {
  phase: 'init',
  stated: { kind: 'waiting', for: 'human_action', reason: 'its overview names no known phase.' },
};

function atRest(decision: Decision, { stated }: FolderPlace): Decision {
  if (decision.kind !== 'run') return decision;
  const { phase } = decision;
  const reason = reasonOf(stated, `No agent has run since the import. Resume it to continue with ${phase}.`);
  return { ...park(phase, 'human_action'), reason };
}

interface Found {
  /** The `.samocode` of its project. */
  filePath: string;
  paths: SessionPaths;
}

/** Finds a folder that is not a session yet, by name or path. */
async function findUnimported(
  { folder: named, projectDir }: ImportInput,
  context: ActionContext,
): Promise<Found> {
  const index = await sessionIndex({ projectDir, reach: 'current' }, context);
  const name = basename(named);
  const found = (await index.names()).flatMap(({ place, folders }) => {
    const folder = resolveSessionFolder(folders, name) ?? foldersOfId(folders, name)[0];
    return folder === undefined ? [] : { place, paths: sessionPaths(place.sessionsDir, folder) };
  });
  const [only, ...others] = found;
  if (only === undefined) {
    const names = await foldersToImport(projectDir, context);
    throw START_ERRORS.folder_not_found({ folder: named, names });
  }
  if (others.length > 0) {
    const names = found.map(({ paths }) => paths.folder);
    const projects = found.map(({ place }) => projectDirOf(place));
    throw ACTION_ERRORS.session_ambiguous({ session: named, names, projects });
  }
  const { paths } = only;
  if (named.includes('/')) await requirePath(paths, namedFolder(named, context));
  if (statsAt(paths.runDir) !== undefined) throw START_ERRORS.run_already({ session: paths.folder });
  if (!isUnimported(paths)) throw START_ERRORS.task_unknown({ session: paths.folder });
  return { filePath: only.place.filePath, paths };
}

/** The folders of the project, or else of all projects, that are not sessions yet. */
export async function foldersToImport(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<string[]> {
  const { places } = await sessionIndex({ projectDir, reach: 'current' }, context);
  return (await Promise.all(places.map(({ sessionsDir }) => unimportedFolders(sessionsDir)))).flat();
}

async function requirePath({ sessionDir, sessionsDir }: SessionPaths, folder: string): Promise<void> {
  if ((await realPathAsFar(folder)) !== (await realPathAsFar(sessionDir)))
    throw START_ERRORS.not_in_sessions({ folder, sessions: sessionsDir });
}

function knownPhase(given: string | undefined): Phase | undefined {
  const written = given?.toLowerCase();
  const phase = WORK_PHASES.find((each) => each === written);
  if (given && !phase) throw START_ERRORS.bad_phase({ given, allowed: WORK_PHASES });
  return phase;
}

/** Moves the files of the early layout up, except those whose names are taken; the overview last. */
async function moveUp({ sessionDir, overview }: SessionPaths): Promise<void> {
  const nested = join(sessionDir, NESTED_FOLDER);
  const last = basename(overview);
  // The files behind a link are not this folder's to move.
  if (statsAt(overview) !== undefined || !statsAt(nested)?.isDirectory()) return;
  const names = (namesAt(nested) ?? []).filter((name) => name !== last);
  for (const name of [...names, last]) {
    const to = join(sessionDir, name);
    if (statsAt(to) === undefined) await rename(join(nested, name), to);
  }
}

async function factsOf(paths: SessionPaths): Promise<FolderFacts> {
  const { folder: session } = paths;
  const names = notPlain(paths);
  if (names.length > 0) throw START_ERRORS.not_plain({ session, names });
  const facts = await readUnimported(paths);
  if (facts === undefined) throw START_ERRORS.task_unknown({ session });
  return facts;
}

/** The worktree of a done folder, so that its branch can be merged, published or archived; undefined without one. */
async function doneWorktree(
  { mainRepo, values: { worktrees, sessions } }: Project,
  folder: string,
  context: ActionContext,
): Promise<TakenOver['worktree']> {
  const worktreePath = join(worktrees, folder);
  const git = await safeGitAt({ mainRepo, accepted: join(runRoot(sessions), 'none') }, context);
  const own = await earlierWorktree(worktreePath, mainRepo, git);
  if (own?.branch === undefined) return undefined;
  const { commit, name: base, ref: baseRef } = await resolveBase({ mainRepo, ...git });
  const plan = { mainRepo, worktreePath, branch: own.branch, baseCommit: commit };
  const { path, branch, baseCommit } = await ensureWorktree({ ...plan, ...git });
  return { path, branch, base, baseCommit, ...(baseRef && { baseRef }) };
}

/**
 * Returns the branch of the existing worktree, whatever its name, because its commits belong to the session.
 * Without a worktree, returns the one that the Python samocode used: with a prefix only if a person chose it.
 */
async function branchOfAdopted(
  { mainRepo, values, readings }: Project,
  { folder, workingDir = '' }: { folder: string; workingDir?: string },
  { env }: ActionContext,
): Promise<string> {
  const worktreePath = join(values.worktrees, folder);
  const own = await earlierWorktree(worktreePath, mainRepo, { baseEnv: env });
  const named = await earlierWorktree(workingDir, mainRepo, { baseEnv: env });
  if (named !== undefined && named.path !== own?.path)
    throw START_ERRORS.work_elsewhere({ session: folder, earlier: named.path, worktreePath });
  const prefix = readings.get('BRANCH_PREFIX')?.source.kind === 'default' ? '' : values.branchPrefix;
  return own?.branch ?? branchOf(folder, prefix);
}
