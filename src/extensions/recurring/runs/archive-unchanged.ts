import { lstat } from 'node:fs/promises';
import type { finishUnasked } from '../../../core/acts/finish/finish-session.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { ifExists, isSamocodeError } from '../../../core/kernel/errors.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { keptCheckpoints } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { type GitOptions, gitLine, runGit } from '../../../core/project/git/git.ts';
import { listing, namesIn, pathAt } from '../../../core/project/git/path-bytes.ts';
import { deleteUnusedBranch } from '../../../core/project/worktrees/worktree.ts';
import type { SessionFile } from '../../../core/session/events/bodies/session-file.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { refNameOf } from '../../../core/session/layout/names.ts';

/**
 * Whether an archive of a session loses nothing: its branch is still at the commit at which it began, every checkpoint
 * has the same files, and no agent has written a file that git ignores.
 */
export async function isUnchanged(
  {
    paths,
    state: { worktree, pullRequest },
    sessionFile,
  }: Pick<SessionView, 'paths' | 'sessionFile'> & {
    state: Pick<SessionView['state'], 'worktree' | 'pullRequest'>;
  },
  { env: baseEnv }: Pick<ActionContext, 'env'>,
): Promise<boolean> {
  if (worktree === undefined || sessionFile === undefined || pullRequest !== undefined) return false;
  const git = { baseEnv, cwd: sessionFile.mainRepo, allowFailure: true };
  const tip = await gitLine(['rev-parse', '--verify', '--quiet', `refs/heads/${worktree.branch}`], git);
  if (tip !== worktree.baseCommit || !(await haveSameFiles(sessionFile, git))) return false;
  // SETUP, which installs ignored files, writes it last.
  const setUpMs = statsAt(paths.setup)?.mtimeMs ?? 0;
  return !(await hasIgnoredFile({ ...git, cwd: worktree.path }, setUpMs));
}

/** A session whose agents worked has checkpoints, so that none at all shows nothing. */
async function haveSameFiles(file: SessionFile, git: GitOptions): Promise<boolean> {
  const { commits } = await keptCheckpoints(refNameOf(file), git);
  const trees = [...commits].map((commit) => `${commit}:worktree`);
  if (trees.length === 0) return false;
  const { exitCode, stdout } = await runGit(['rev-parse', ...trees], git);
  return exitCode === 0 && new Set(stdout.trim().split('\n')).size === 1;
}

/** @returns whether an ignored file was written after a time, also if its times were set back */
async function hasIgnoredFile(worktree: GitOptions, sinceMs: number): Promise<boolean> {
  const ignored = ['ls-files', '--others', '--ignored', '--exclude-standard', '-z'];
  const { exitCode, stdout } = await runGit(ignored, listing(worktree));
  if (exitCode !== 0) return true;
  for (const name of namesIn(stdout)) {
    const stats = await ifExists(lstat(pathAt(worktree.cwd, name)));
    if (stats !== undefined && stats.ctimeMs > sinceMs) return true;
  }
  return false;
}

/**
 * Archives a session whose run changed nothing, unless it is archived, and deletes its branch while that has no commit.
 * @returns `later` if its worker is slow, or it was refused, as while its disk is full; `kept` if something has changed
 */
export async function archiveUnchanged(
  view: SessionView,
  finish: typeof finishUnasked,
  context: ActionContext,
): Promise<'archived' | 'later' | 'kept'> {
  const {
    folder,
    sessionFile,
    state: { worktree, archived, status },
  } = view;
  if (!archived && (status.kind !== 'done' || !(await isUnchanged(view, context)))) return 'kept';
  const question = { session: folder, projectDir: sessionFile?.configPath };
  try {
    if (!archived) await finish({ ...question, how: 'keep_branch', keep: [] }, context);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return 'later';
  }
  if (worktree === undefined || sessionFile === undefined) return 'archived';
  const git = { baseEnv: context.env, cwd: sessionFile.mainRepo, allowFailure: true };
  await deleteUnusedBranch(worktree.branch, worktree.baseCommit, git);
  return 'archived';
}
