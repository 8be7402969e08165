import { posix } from 'node:path';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import type { ChangedEntry } from './weakened-read.ts';

/** The commits of a session: after `base`, up to `tip`. */
export interface BranchWork extends GitContext {
  mainRepo: string;
  base: string;
  tip: string;
}

/** Whether the commits differ in more than white space and empty files. */
export async function changesContent({ mainRepo, base, tip, ...context }: BranchWork): Promise<boolean> {
  // As text: if attributes declared a file binary, its white space would count.
  const how = ['--text', '--unified=0', '--no-renames', '--ignore-all-space', '--ignore-blank-lines'];
  const args = ['diff', ...how, '--end-of-options', base, tip, '--'];
  const options = { ...context, cwd: mainRepo, maxChars: ENOUGH_CHARS };
  const { stdout, truncated } = await runGit(args, options);
  return truncated || /^(?:@@|new mode) /m.test(stdout);
}

const ENOUGH_CHARS = 1_000_000;

/** Whether `tip` equals `base` except for added documents. */
export async function hasSameCode({ mainRepo, base, tip, ...context }: BranchWork): Promise<boolean> {
  if (base === tip) return true;
  const args = ['diff-tree', '-r', '-z', '--name-status', '--no-renames', '--end-of-options', base, tip];
  const { exitCode, stdout } = await runGit(args, { ...context, cwd: mainRepo, allowFailure: true });
  return exitCode === 0 && /^(?:A\0[^\0]+\.md\0)*$/i.test(stdout);
}

/** Whether one of the commits touches these files: names, folders or git patterns, relative to the top. */
export async function touchesFiles(
  { mainRepo, base, tip, ...context }: BranchWork,
  files: readonly string[],
): Promise<boolean> {
  // With pathspec magic git does not resolve `.`.
  const paths = files.map((file) => `:(top)${file.replace(/^(?:\.\/+)+|^\.$/, '')}`);
  const args = ['rev-list', '--max-count=1', '--end-of-options', `${base}..${tip}`, '--', ...paths];
  return (await gitLine(args, { ...context, cwd: mainRepo })) !== '';
}

/** New or changed links among `changed` to targets outside the tree, which no commit contains. */
export async function linksOutside(
  changed: readonly ChangedEntry[],
  git: GitOptions,
): Promise<{ path: string; target: string }[]> {
  const found: { path: string; target: string }[] = [];
  for (const { path, isLink, blob = '' } of changed) {
    if (!isLink) continue;
    const target = (await runGit(['cat-file', 'blob', blob], { ...git, maxChars: 4096 })).stdout;
    if (posix.isAbsolute(target) || /^\.\.(?:\/|$)/.test(posix.join(posix.dirname(path), target)))
      found.push({ path, target });
  }
  return found;
}
