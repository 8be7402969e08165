import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, fail, failed, ok } from '../../actions/preconditions/check.ts';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { runGit } from '../../project/git/git.ts';

const CHECKOUT_LIMIT_MS = 15 * 60_000;

export interface Trial {
  commit: string;
  /** False: the worktree stays empty, which costs the same in every repository. */
  checkout: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Makes a worktree without a branch beside those of the sessions, uses it, and takes it away again.
 * @throws GitError, what `use` throws, and the system's error when the folder can't be made
 */
export async function withTrialWorktree<T>(
  { mainRepo, values }: Pick<Project, 'mainRepo' | 'values'>,
  { env }: Pick<ActionContext, 'env'>,
  { commit, checkout, signal }: Trial,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(values.worktrees, '.trial-'));
  const path = join(folder, 'trial');
  const options = { cwd: mainRepo, baseEnv: env };
  const how = checkout ? [] : ['--no-checkout'];
  try {
    await runGit(['worktree', 'add', '--quiet', '--detach', ...how, '--', path, commit], {
      ...options,
      timeoutMs: CHECKOUT_LIMIT_MS,
      ...(signal && { signal }),
    });
    return await use(path);
  } finally {
    // Also after an abort; what git did not make it need not remove.
    await runGit(['worktree', 'remove', '--force', '--', path], { ...options, allowFailure: true });
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether git makes and removes a worktree where sessions would have theirs. */
export async function worktreeCheck(project: Project, context: ActionContext): Promise<DoctorCheck> {
  const { worktrees } = project.values;
  try {
    await withTrialWorktree(project, context, { commit: 'HEAD', checkout: false }, async () => undefined);
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
