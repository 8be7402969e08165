import { type GitOptions, gitSaysYes } from '../../project/git/git.ts';
import { GIT_ERRORS } from '../../project/git/git-errors.ts';

/** Of a search that must not delay an agent. */
const LIMIT_MS = 10_000;

/** Whether a branch contains a web page, or a program that answers with one. */
export async function servesPages(branch: string, options: GitOptions): Promise<boolean> {
  const words = ['-e', '<html', '-e', 'text/html'];
  try {
    const limited = { ...options, timeoutMs: LIMIT_MS };
    return await gitSaysYes(['grep', '-qIi', ...words, `refs/heads/${branch}`], limited);
  } catch (error) {
    // A repository that is too large to be searched may have some.
    if (GIT_ERRORS.git_timeout.is(error)) return true;
    throw error;
  }
}
