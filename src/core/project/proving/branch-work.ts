import { posix } from 'node:path';
import { type GitOptions, gitLine, readRecords } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import { textsByPart } from './blob-texts.ts';
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
  let found = false;
  const take = (line: string) => {
    found = /^(?:@@|new mode) /.test(line);
    return !found;
  };
  await readRecords(args, { ...context, cwd: mainRepo }, take, '\n');
  return found;
}

/** Whether `tip` equals `base` except for added documents. */
export async function hasSameCode({ mainRepo, base, tip, ...context }: BranchWork): Promise<boolean> {
  if (base === tip) return true;
  const args = ['diff-tree', '-r', '-z', '--name-status', '--no-renames', '--end-of-options', base, tip];
  let isSame = true;
  let status: string | undefined;
  const exitCode = await readRecords(args, { ...context, cwd: mainRepo, allowFailure: true }, (field) => {
    if (status !== undefined) isSame = status === 'A' && /\.md$/i.test(field);
    status = status === undefined ? field : undefined;
    return isSame;
  });
  return isSame && exitCode === 0;
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
  const links = changed.filter(({ isLink }) => isLink);
  for await (const { part, texts } of textsByPart(links, ({ blob = '' }) => [blob], git))
    for (const { path, blob = '' } of part) {
      const target = Buffer.from(texts.get(blob) ?? '', 'latin1').toString('utf8');
      if (!texts.has(blob) || leadsOutside(path, target)) found.push({ path, target });
    }
  return found;
}

function leadsOutside(path: string, target: string): boolean {
  return posix.isAbsolute(target) || /^\.\.(?:\/|$)/.test(posix.join(posix.dirname(path), target));
}
