import { gitLine, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

/** What a session committed: from `base`, without it, to `tip`. */
export interface BranchWork extends GitContext {
  mainRepo: string;
  base: string;
  tip: string;
}

/** Whether more than white space and empty files differs between the two commits. */
export async function changesContent({ mainRepo, base, tip, ...context }: BranchWork): Promise<boolean> {
  // As text: attributes of the branch must not make white space count by calling a file binary.
  const how = ['--text', '--no-renames', '--ignore-all-space', '--ignore-blank-lines'];
  const args = ['diff', ...how, '--numstat', '--summary', '--end-of-options', base, tip, '--'];
  const { stdout } = await runGit(args, { ...context, cwd: mainRepo });
  return stdout
    .split('\n')
    .some((line) => (/^(?:\d+|-)\t/.test(line) ? !line.startsWith('0\t0\t') : IS_MODE.test(line)));
}

const IS_MODE = /^ mode change /;

/** Whether one of the commits touches one of these files: names, folders or patterns as git takes them, from the top. */
export async function touchesFiles(
  { mainRepo, base, tip, ...context }: BranchWork,
  files: readonly string[],
): Promise<boolean> {
  const paths = files.map((file) => `:(top)${file}`);
  const args = ['rev-list', '--max-count=1', '--end-of-options', `${base}..${tip}`, '--', ...paths];
  return (await gitLine(args, { ...context, cwd: mainRepo })) !== '';
}

/** The branch that a worktree has checked out, or undefined where its HEAD is detached. */
export async function checkedOutBranch(
  worktreePath: string,
  context: GitContext,
): Promise<string | undefined> {
  const options = { ...context, cwd: worktreePath, allowFailure: true };
  const { exitCode, stdout } = await runGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], options);
  return exitCode === 0 ? stdout.trim() : undefined;
}
