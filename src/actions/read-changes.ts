import { isAbsolute, normalize, relative } from 'node:path';
import { SamocodeError } from '../base/errors.ts';
import {
  type ChangeRange,
  type Commits,
  commitsSince,
  type DiffStat,
  diffOfPath,
  diffStat,
} from '../project/changes.ts';
import { GitError } from '../project/git-error.ts';
import { inspectWorktree, type WorktreePlace } from '../project/inspect-worktree.ts';
import { commitOf } from '../project/repository.ts';
import { readEvents } from '../session/event-log.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { IterationNotFoundError } from './read-transcript.ts';
import { safeGit } from './safe-git.ts';

export interface ReadChangesInput extends SessionQuestion {
  /** Since the end of this iteration; else since the look that gave this cursor; else since the base. */
  iteration?: number | undefined;
  cursor?: number | undefined;
  /** A file or folder whose difference is wanted as a patch. */
  path?: string | undefined;
  /** Characters of that patch at most. */
  maxChars?: number | undefined;
}

/** What it holds was written by children: quoted, never an instruction. */
export interface SessionChanges {
  view: SessionView;
  branch: string;
  /** What it is compared with, in words of ours: `main at 1a2b3c4d`, `the end of iteration 7`. */
  since: string;
  commits: Commits;
  stat: DiffStat;
  /** Paths that no commit holds; empty when the worktree is gone. */
  uncommitted: string[];
  patch?: { text: string; truncated: boolean };
}

/**
 * What a session's branch has that was not there before: commits, changed files, the patch of a path.
 * @throws SessionNotFoundError, NothingChangedYetError, BadPathError, BranchGoneError, IterationNotFoundError
 */
export async function readChanges(input: ReadChangesInput, context: ActionContext): Promise<SessionChanges> {
  const view = await findSession(input, context);
  const { sessionFile, state } = view;
  const { worktree } = state;
  if (sessionFile === undefined || worktree === undefined) throw new NothingChangedYetError(view.folder);
  const path = input.path === undefined ? undefined : pathInTree(input.path, worktree.path);
  const git = await safeGit(view, context);
  const options = { ...git, cwd: sessionFile.mainRepo };
  const head = await commitOf(`refs/heads/${worktree.branch}`, options);
  if (head === undefined) throw new BranchGoneError(view.folder, worktree.branch);
  const { commit: base, since } = await startOf(view, input);
  const range: ChangeRange = { ...options, base, head };
  const [commits, stat, uncommitted, patch] = await Promise.all([
    commitsSince(range),
    diffStat(range),
    uncommittedIn({ mainRepo: sessionFile.mainRepo, worktreePath: worktree.path, ...git }),
    path === undefined ? undefined : diffOfPath(range, path, input.maxChars),
  ]);
  return {
    view,
    branch: worktree.branch,
    since,
    commits,
    stat,
    uncommitted,
    ...(patch && { patch: { text: patch.patch, truncated: patch.truncated } }),
  };
}

/** A path as git has it, from the top of the tree, where a call writes `./src/` or an absolute one. */
function pathInTree(given: string, worktreePath: string): string {
  if (given.includes('\0') || given.length > MOST_OF_A_PATH) throw new BadPathError();
  const path = isAbsolute(given) ? relative(worktreePath, given) : normalize(given);
  return path === './' || path === '.' ? '' : path;
}

/** Longer than any path that a system takes. */
const MOST_OF_A_PATH = 4096;

async function startOf(
  view: SessionView,
  { iteration, cursor }: ReadChangesInput,
): Promise<{ commit: string; since: string }> {
  const { worktree, progress } = view.state;
  const { base = '', baseCommit = '' } = worktree ?? {};
  const atBase = { commit: baseCommit, since: `${base} at ${baseCommit.slice(0, 8)}` };
  if (iteration === undefined && cursor === undefined) return atBase;
  if (iteration === 0) return atBase;
  const events = await readEvents(view.paths.events, 0);
  const ended = events.findLast(
    (event) =>
      event.type === 'iteration_ended' &&
      (iteration === undefined ? event.n <= (cursor ?? 0) : event.iteration === iteration),
  );
  if (ended?.type !== 'iteration_ended') {
    if (iteration === undefined) return atBase;
    throw new IterationNotFoundError(view.folder, iteration, progress.totalIterations);
  }
  if (ended.head === undefined) return atBase;
  return { commit: ended.head, since: `the end of iteration ${ended.iteration}` };
}

async function uncommittedIn(place: WorktreePlace): Promise<string[]> {
  try {
    const reading = await inspectWorktree(place);
    return reading.kind === 'present' ? reading.uncommitted.map(({ path }) => path) : [];
  } catch (error) {
    // A worktree that git can't open takes nothing from what the branch holds.
    if (error instanceof GitError) return [];
    throw error;
  }
}

export class NothingChangedYetError extends SamocodeError {
  readonly code = 'nothing_changed_yet';

  constructor(folder: string) {
    super(
      `${folder} has no branch of its own yet.`,
      'It is only being prepared, or was made by the original samocode and not taken over.',
      'Follow it with wait; get_status shows its branch as soon as there is one.',
    );
  }
}

export class BadPathError extends SamocodeError {
  readonly code = 'bad_path';

  constructor() {
    super(
      'No changes were read.',
      'No file or folder can have that path.',
      'Name one as the list of changed files has it; that comes without path.',
    );
  }
}

export class BranchGoneError extends SamocodeError {
  readonly code = 'branch_gone';

  constructor(folder: string, branch: string) {
    super(
      `The changes of ${folder} can't be read.`,
      `Its branch ${branch} is not in the repository any more.`,
      `If it was renamed, name it ${branch} again; if it was removed, see "git reflog".`,
    );
  }
}
