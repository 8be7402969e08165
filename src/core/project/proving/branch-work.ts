import { posix } from 'node:path';
import { gitLine, runGit } from '../git/git.ts';
import { listing, namesIn, readable } from '../git/path-bytes.ts';
import type { GitContext } from '../git/repository.ts';

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

/** New or changed links of the branch to targets outside the tree, which no commit contains. */
export async function linksOutside({
  mainRepo,
  base,
  tip,
  ...context
}: BranchWork): Promise<{ path: string; target: string }[]> {
  const options = { ...context, cwd: mainRepo };
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--diff-filter=d', '--end-of-options', base, tip];
  const { stdout } = await runGit(args, listing(options));
  const fields = namesIn(stdout);
  const found: { path: string; target: string }[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode, , id = ''] = fields[at]?.split(' ') ?? [];
    if (mode !== '120000') continue;
    const path = readable(fields[at + 1] ?? '');
    const target = (await runGit(['cat-file', 'blob', id], { ...options, maxChars: 4096 })).stdout;
    if (posix.isAbsolute(target) || /^\.\.(?:\/|$)/.test(posix.join(posix.dirname(path), target)))
      found.push({ path, target: readable(target) });
  }
  return found;
}
