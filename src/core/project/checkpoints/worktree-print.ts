import { dirname, join, resolve } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { gitLine } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import { EACH_FILE, readStatus } from '../git/status-entries.ts';

/**
 * Equal prints mean the same bytes, except ignored files. Of files that no checkpoint includes sizes and times count, and
 * the commit of a nested repository, such as a submodule.
 */
export async function worktreePrint(
  worktreePath: string,
  { worktreeTree, skipped }: { worktreeTree: string; skipped: readonly string[] },
  context: GitContext,
): Promise<string> {
  const states = await Promise.all(
    skipped.map(async (name) => {
      const path = resolve(worktreePath, name);
      return `${name}\0${name.endsWith('/') ? await headOf(path, context) : stampOf(path)}\n`;
    }),
  );
  return fingerprint(`${worktreeTree}\n`, ...states);
}

/** Undefined if unreadable; never the HEAD of an enclosing repository. */
async function headOf(repository: string, context: GitContext): Promise<string | undefined> {
  const env = { GIT_CEILING_DIRECTORIES: dirname(repository) };
  // It has its own settings. This call reads no object, so they can trigger no fetch.
  const options = { baseEnv: context.baseEnv, cwd: repository, env, allowFailure: true };
  return await gitLine(['rev-parse', '--verify', '--quiet', 'HEAD'], options).catch(() => undefined);
}

function stampOf(path: string): string {
  const stats = statsAt(path);
  return `${stats?.size} ${stats?.mtimeMs}`;
}

/**
 * A fingerprint of a worktree from one `git status`, cheaper than a checkpoint: the commit, and the name, size and
 * time of each file that differs from it.
 * @returns undefined when the folder is no longer a worktree, or has no commit
 */
export async function quickPrint(worktreePath: string, context: GitContext): Promise<string | undefined> {
  const options = { ...context, cwd: worktreePath, allowFailure: true };
  const { exitCode, head, entries } = await readStatus(options, [EACH_FILE, '--no-renames']);
  if (exitCode !== 0 || head === undefined) return undefined;
  // A file that stays dirty keeps the same entry, so its size and time count too.
  const states = entries.map((entry) => [entry, stampOf(join(worktreePath, entry.path))]);
  return fingerprint(head, JSON.stringify(states));
}
