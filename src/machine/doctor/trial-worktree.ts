import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, fail, failed, ok } from '../../actions/preconditions/check.ts';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { runGit } from '../../project/git/git.ts';

/** Whether git makes and removes a worktree where sessions would have theirs. It stays empty, which costs the same in every repository. */
export async function worktreeCheck(
  { mainRepo, values: { worktrees } }: Project,
  { env }: ActionContext,
): Promise<DoctorCheck> {
  const options = { cwd: mainRepo, baseEnv: env };
  try {
    const folder = await mkdtemp(join(worktrees, '.trial-'));
    const path = join(folder, 'trial');
    try {
      await runGit(['worktree', 'add', '--quiet', '--detach', '--no-checkout', '--', path, 'HEAD'], options);
    } finally {
      // What git did not make it need not remove.
      await runGit(['worktree', 'remove', '--force', '--', path], { ...options, allowFailure: true });
      await rm(folder, { recursive: true, force: true });
    }
    return ok('worktree', `git can create and remove worktrees in ${worktrees}`);
  } catch (error) {
    if (isSamocodeError(error)) return failed('worktree', error);
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return fail(
      'worktree',
      `No folder can be created in ${worktrees} (${code}).`,
      'Make it writable, or correct WORKTREES.',
    );
  }
}
