import { basename, dirname } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../caller/context/find-project-for.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { isGitOutOfReach, safeGitAt } from '../../caller/context/session-branch.ts';
import { sessionIndex } from '../../caller/context/session-index.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { refPrefix, trashRef } from '../../project/checkpoints/checkpoint-refs.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { listTrash, pruneTrash, type TrashEntry } from '../../project/finishing/trash.ts';
import { type GitOptions, gitLine } from '../../project/git/git.ts';
import { pathInside, realPathAsFar } from '../../project/git/real-path.ts';
import { listWorktrees } from '../../project/git/worktree-list.ts';
import { checksRoots } from '../../project/worktrees/checks-root.ts';
import { inspectWorktree, type WorktreePlace } from '../../project/worktrees/inspect-worktree.ts';
import { removeWorktree } from '../../project/worktrees/remove-worktree.ts';
import { refuseWorktreeRemoval } from '../../session/commands/judge-finish.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { readAllSessions } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { sessionPaths } from '../../session/layout/paths.ts';

export interface SessionWorktree {
  path: string;
  branch: string | undefined;
  session: string | undefined;
  state: string | undefined;
  /** Milliseconds since the epoch: when the session's state last changed or, without a session, the folder. */
  changedAtMs: number;
  bytes: number | undefined;
  /** Why it is kept; absent if removing it would lose nothing. */
  kept: string | undefined;
}

export interface Worktrees {
  worktrees: SessionWorktree[];
  trash: (TrashEntry & { session: string | undefined })[];
  removed: string[];
  emptied: string[];
}

/**
 * The worktrees of a project's sessions, largest first, and its trash. With `prune`, removes the worktrees whose
 * removal loses nothing, and expired trash; branches are kept.
 */
export async function sessionWorktrees(
  { prune, ...question }: ProjectQuestion & { prune: boolean },
  context: ActionContext,
): Promise<Worktrees> {
  if (prune) await refuseFromInside(context);
  const project = await findProjectFor(question, context);
  const main = { mainRepo: project.mainRepo, baseEnv: context.env };
  const views = await allViews(project.values.sessions, context);
  const removed: string[] = [];
  const worktrees: SessionWorktree[] = [];
  for await (const found of findWorktrees(project, views, context)) {
    const { place, view } = found;
    const one = await describe(found);
    // Measuring takes a while; the session might have been resumed in the meantime.
    const now = prune && view !== undefined ? await readSession(view.paths, context.host) : undefined;
    const needed = now && neededBy(now);
    if (needed !== undefined) worktrees.push({ ...one, kept: needed });
    else if (prune && one.kept === undefined) {
      const outcome = await removeWorktree(place).catch(keptWith);
      if (outcome.kind === 'removed' || outcome.kind === 'absent') removed.push(one.path);
      else worktrees.push({ ...one, kept: 'problem' in outcome ? outcome.problem : 'work would be lost' });
    } else worktrees.push(one);
  }
  const emptied = prune ? await pruneTrash(main, context.clock.now()) : [];
  const trash = (await listTrash(main)).map((entry) => ({
    ...entry,
    session: views.find(
      ({ sessionFile }) => sessionFile && entry.ref.startsWith(trashRef(refNameOf(sessionFile))),
    )?.folder,
  }));
  worktrees.sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  return { worktrees, trash, removed, emptied: emptied.map(({ ref }) => ref) };
}

/** Sessions in other SESSIONS folders can have worktrees here too. */
async function allViews(sessionsDir: string, context: ActionContext): Promise<SessionView[]> {
  const { places } = await sessionIndex({ reach: 'readable' }, context);
  const folders = new Set([sessionsDir, ...places.map((place) => place.sessionsDir)]);
  return (await Promise.all([...folders].map((each) => readAllSessions(each, context.host)))).flat();
}

async function describe({ place, branch, view, notOurs }: FoundWorktree): Promise<SessionWorktree> {
  const { worktreePath: path } = place;
  return {
    path,
    branch,
    session: view?.folder,
    state: view === undefined ? undefined : view.state.archived ? 'archived' : view.state.status.kind,
    changedAtMs: view === undefined ? (statsAt(path)?.mtimeMs ?? 0) : Date.parse(view.state.status.since),
    bytes: await diskUsage([path]),
    kept: (view === undefined ? notOurs : neededBy(view)) ?? (await keptFor(place)),
  };
}

/** Why a session still needs its worktree; undefined if it does not. */
function neededBy({ state, worker, pendingCommands, otherBuild }: SessionView): string | undefined {
  const { status, archived, work, pullRequest } = state;
  if (otherBuild?.is === 'elsewhere') return 'the log of its session lies elsewhere';
  if (otherBuild !== undefined)
    return `another samocode, ${otherBuild.is} than this one, has worked on its session`;
  if (worker !== 'none' || pendingCommands.length > 0 || work !== undefined) return 'its session is working';
  if (!archived && pullRequest?.state === 'open') return `its pull request #${pullRequest.number} is open`;
  return archived || status.kind === 'done' ? undefined : `its session is ${status.kind}`;
}

async function keptFor(place: WorktreePlace): Promise<string | undefined> {
  try {
    const reading = await inspectWorktree(place);
    return refuseWorktreeRemoval({ path: place.worktreePath, reading })?.error.why;
  } catch (error) {
    return keptWith(error).problem;
  }
}

function keptWith(error: unknown): { kind: 'foreign'; problem: string } {
  if (!isSamocodeError(error)) throw error;
  return { kind: 'foreign', problem: error.why };
}

interface FoundWorktree {
  place: WorktreePlace;
  branch: string | undefined;
  view: SessionView | undefined;
  /** Why it is not taken for that of a session that is gone. */
  notOurs: string | undefined;
}

/** The worktrees that git has registered below WORKTREES; excludes those of checks. */
async function* findWorktrees(
  { mainRepo, values }: Project,
  views: readonly SessionView[],
  context: ActionContext,
): AsyncGenerator<FoundWorktree> {
  const top = await realPathAsFar(values.worktrees);
  const kept = await sessionsWithRefs({ cwd: mainRepo, baseEnv: context.env });
  for (const { path, branch } of await listWorktrees(mainRepo, { baseEnv: context.env })) {
    const worktreePath = await realPathAsFar(path);
    if (worktreePath === mainRepo || pathInside(top, worktreePath) === undefined) continue;
    if (checksRoots(top).some((root) => pathInside(root, worktreePath) !== undefined)) continue;
    const view = await sessionOf(worktreePath, views);
    // An agent might have planted settings that start programs: use only those accepted for the session, or none.
    const { gitSettings: accepted } = view?.paths ?? sessionPaths(values.sessions, basename(worktreePath));
    const git = isGitOutOfReach(view)
      ? { baseEnv: context.env }
      : await safeGitAt({ mainRepo, worktreePath, accepted }, context);
    const isOurs = dirname(worktreePath) === top && kept.has(refPrefix(basename(worktreePath)));
    const notOurs = isOurs ? undefined : 'no record says that samocode made it';
    yield { place: { mainRepo, worktreePath, ...git }, branch, view, notOurs };
  }
}

/** The folders, as prefixes of refs, of all sessions of which the repository keeps a ref; their ids are left out. */
async function sessionsWithRefs(main: GitOptions): Promise<Set<string>> {
  const refs = await gitLine(['for-each-ref', '--format=%(refname)', 'refs/samocode/'], main);
  const names = refs.split('\n').map((ref) => SESSION_REF.exec(ref)?.[1]);
  return new Set(names.flatMap((name) => (name === undefined ? [] : [refPrefix(name)])));
}

const SESSION_REF = /^refs\/samocode\/(?:_trash\/)?([^/]+)-[0-9a-z]{26}(?:[-/]|$)/;

async function sessionOf(path: string, views: readonly SessionView[]): Promise<SessionView | undefined> {
  for (const view of views) {
    const own = view.state.worktree?.path;
    if (own === undefined ? view.folder === basename(path) : (await realPathAsFar(own)) === path) return view;
  }
  return undefined;
}

const MEASURE_LIMIT_MS = 60_000;

/** The total disk usage of the folders in bytes; undefined if it could not be measured. */
export async function diskUsage(paths: readonly string[]): Promise<number | undefined> {
  const there = paths.filter((path) => statsAt(path) !== undefined);
  if (there.length === 0) return 0;
  const { stdout } = await runCommand('du', ['-skc', ...there], { timeoutMs: MEASURE_LIMIT_MS });
  const kilobytes = /^(\d+)\s+total$/m.exec(stdout)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
