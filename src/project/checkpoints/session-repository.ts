import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { statsAt } from '../../base/files/path-stats.ts';
import { withoutPrograms } from '../git/executing-settings.ts';
import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import { WORKTREE_ERRORS } from '../git/worktree-errors.ts';

export interface SessionCommit extends GitContext {
  sessionDir: string;
  mainRepo: string;
  message: string;
  /** What is waited for between two tries. */
  pause?: () => Promise<unknown>;
}

const TRIES = 3;
const UNDER_WAY = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'rebase-merge', 'rebase-apply'];
/** The usual layout, asked once per process: a worker comes by after every iteration. */
const nothingToCommitTo = new Set<string>();

/**
 * Commits a session's readable files where SESSIONS lies in a repository of its own; elsewhere nothing
 * happens. Logs stay out, and so does whatever else is staged there.
 * @returns whether a commit was made; a repository that refuses (no identity, a merge or rebase under way) is left as it is
 * @throws session_repository_locked when its index stays locked
 */
export async function commitSessionFiles({
  sessionDir,
  mainRepo,
  message,
  pause = async () => undefined,
  ...context
}: SessionCommit): Promise<boolean> {
  const place = `${sessionDir}\0${mainRepo}`;
  if (nothingToCommitTo.has(place)) return false;
  // The folder itself is an agent's to write: what lies in it must not say which repository is asked.
  if (statsAt(join(sessionDir, '.git')) !== undefined) return false;
  const sessionsDir = dirname(sessionDir);
  const options = { ...context, cwd: sessionsDir, allowFailure: true };
  const top = await runGit(['rev-parse', '--show-toplevel', '--absolute-git-dir'], options);
  if (top.exitCode !== 0) return false;
  const [toplevel = '', gitDir = ''] = top.stdout.trim().split('\n');
  // One that merely encloses SESSIONS, as a home folder under git does, is somebody's for other things.
  const [real, sessions, main] = await Promise.all(
    [toplevel, sessionsDir, mainRepo].map((each) => realpath(each)),
  );
  if (real !== sessions || real === main) {
    nothingToCommitTo.add(place);
    return false;
  }
  // What is added then would be part of what the person is in the middle of.
  if (UNDER_WAY.some((name) => statsAt(join(gitDir, name)) !== undefined)) return false;
  const folder = basename(sessionDir);
  const files = ['--', `:(literal)${folder}`, `:(exclude,literal)${folder}/_logs`];
  // No snapshot was taken of this repository, which children can write to as well.
  const safe = { ...options, ...(await withoutPrograms(sessionsDir, context)) };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    // Other sessions commit to the same repository; its index has one lock for all.
    const added = await runGit(['add', '--all', ...files], safe);
    if (added.exitCode === 0) {
      const commit = await runGit(['commit', '--quiet', '-m', message, ...files], safe);
      if (commit.exitCode === 0) return true;
      if (/nothing to commit|no changes added/.test(commit.stdout)) return false;
      // Nor does what it refuses stay behind for the next commit there.
      await runGit(['reset', '--quiet', ...files], safe);
    }
    if (attempt < TRIES) await pause();
  }
  const lock = join(gitDir, 'index.lock');
  if (statsAt(lock) !== undefined) throw WORKTREE_ERRORS.session_repository_locked({ lock });
  return false;
}
