import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { withoutPrograms } from '../git/executing-settings.ts';
import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import { WORKTREE_ERRORS } from '../git/worktree-errors.ts';

export interface SessionCommit extends GitContext {
  sessionDir: string;
  mainRepo: string;
  message: string;
  /** Pause between two attempts. */
  pause?: () => Promise<unknown>;
}

const TRIES = 3;
const UNDER_WAY = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'rebase-merge', 'rebase-apply'];
/** Session folders without a separate repository: checked once, since a worker calls this after each iteration. */
const withoutOwnRepository = new Set<string>();

/**
 * Commits a session's readable files, without logs or other staged files, if SESSIONS is in a separate repository.
 * @returns whether a commit was made; a repository that refuses (no identity, a merge in progress) is left alone
 */
export async function commitSessionFiles({
  sessionDir,
  mainRepo,
  message,
  pause = async () => undefined,
  ...context
}: SessionCommit): Promise<boolean> {
  const place = `${sessionDir}\0${mainRepo}`;
  if (withoutOwnRepository.has(place)) return false;
  // Agents can write in this folder: its content must not decide which repository is used.
  if (statsAt(join(sessionDir, '.git')) !== undefined) return false;
  const sessionsDir = dirname(sessionDir);
  const options = { ...context, cwd: sessionsDir, allowFailure: true };
  const top = await runGit(['rev-parse', '--show-toplevel', '--absolute-git-dir'], options);
  if (top.exitCode !== 0) return false;
  const [toplevel = '', gitDir = ''] = top.stdout.trim().split('\n');
  // A repository that merely encloses SESSIONS, such as a home folder under git, has another purpose.
  const [real, sessions, main] = await Promise.all(
    [toplevel, sessionsDir, mainRepo].map((each) => realpath(each)),
  );
  if (real !== sessions || real === main) {
    withoutOwnRepository.add(place);
    return false;
  }
  // Files added now would become part of the user's operation in progress.
  if (UNDER_WAY.some((name) => statsAt(join(gitDir, name)) !== undefined)) return false;
  const folder = basename(sessionDir);
  const files = ['--', `:(literal)${folder}`, `:(exclude,literal)${folder}/_logs`];
  // This repository has no snapshot of its settings, and agents can write to it too.
  const safe = { ...options, ...(await withoutPrograms(sessionsDir, context)) };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    // Other sessions commit to the same repository and share its index lock.
    const added = await runGit(['add', '--all', ...files], safe);
    if (added.exitCode === 0) {
      const commit = await runGit(['commit', '--quiet', '-m', message, ...files], safe);
      if (commit.exitCode === 0) return true;
      if (/nothing to commit|no changes added/.test(commit.stdout)) return false;
      // Unstage what was refused, so that the next commit does not include it.
      await runGit(['reset', '--quiet', ...files], safe);
    }
    if (attempt < TRIES) await pause();
  }
  const lock = join(gitDir, 'index.lock');
  if (statsAt(lock) !== undefined) throw WORKTREE_ERRORS.session_repository_locked({ lock });
  return false;
}
