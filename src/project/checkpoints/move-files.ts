import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { bytesOf, listing, namesIn } from '../git/path-bytes.ts';
import { type CheckpointStore, type KeptPart, partOptions, repositoryOptions } from './checkpoint-store.ts';
import { encryptedAmong } from './encrypted-files.ts';
import { refresh, treeOf } from './take-files.ts';

export interface FolderPart {
  part: KeptPart;
  folder: string;
}

/**
 * Moves a folder's files from what its index knows to a tree; git refuses whatever it would lose by it. What
 * the ignore rules of that tree cover stays, also where it was not ignored until now, and so do files that the
 * repository holds encrypted: no checkpoint has what lies in the worktree.
 */
export async function moveFiles(store: CheckpointStore, part: FolderPart, target: string): Promise<void> {
  const now = await treeOf(store, part);
  if (now === target) return;
  const options = partOptions(store, part.part, part.folder);
  const to = part.part === 'worktree' ? await withoutEncrypted(store, part.folder, { now, target }) : target;
  // A file that was written anew with the same bytes is listed as unchanged, and would be refused as changed.
  await refresh(options);
  await runGit(['read-tree', '-m', '-u', now, to], options);
  if (part.part === 'worktree') await putBackIgnored(store, options, { now, to });
}

/** The target with the encrypted files as they are now. */
async function withoutEncrypted(
  store: CheckpointStore,
  folder: string,
  { now, target }: { now: string; target: string },
): Promise<string> {
  const repository = repositoryOptions(store);
  const diff = await runGit(
    ['diff-tree', '-r', '-z', '--raw', '--no-renames', now, target],
    listing(repository),
  );
  const words = namesIn(diff.stdout);
  const names = words.filter((_, index) => index % 2 === 1);
  const encrypted = await encryptedAmong(store, folder, names);
  if (encrypted.size === 0) return target;
  const entries = names.flatMap((name, index) => {
    const [mode = '', , id = ''] = words[index * 2]?.slice(1).split(' ') ?? [];
    return encrypted.has(name) ? [`${mode} ${id} 0\t${name}\0`] : [];
  });
  return await withIndex(store, 'aside.index', repository, async (aside) => {
    await runGit(['read-tree', target], aside);
    await runGit(['update-index', '-z', '--index-info'], { ...aside, input: bytesOf(entries.join('')) });
    return await gitLine(['write-tree'], aside);
  });
}

async function putBackIgnored(
  store: CheckpointStore,
  options: GitOptions,
  { now, to }: { now: string; to: string },
): Promise<void> {
  const diff = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=D', now, to];
  const gone = (await runGit(diff, listing(repositoryOptions(store)))).stdout;
  if (gone === '') return;
  const ask = listing({ ...options, input: bytesOf(gone), allowFailure: true });
  const ignored = (await runGit(['check-ignore', '-z', '--stdin'], ask)).stdout;
  if (ignored === '') return;
  await withIndex(store, 'ignored.index', options, async (aside) => {
    await runGit(['read-tree', now], aside);
    const input = bytesOf(ignored);
    await runGit(['checkout-index', '-z', '--stdin'], { ...aside, input, allowFailure: true });
  });
}

/** With an index for one purpose. */
async function withIndex<T>(
  { dir }: CheckpointStore,
  name: string,
  options: GitOptions,
  use: (aside: GitOptions) => Promise<T>,
): Promise<T> {
  const index = join(dir, name);
  try {
    return await use({ ...options, env: { ...options.env, GIT_INDEX_FILE: index } });
  } finally {
    await rm(index, { force: true });
  }
}
