import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitOptions, runGit } from '../git/git.ts';
import { listing, namesIn, rawBytes } from '../git/path-bytes.ts';
import { type CheckpointStore, partOptions, repositoryOptions } from './checkpoint-store.ts';
import { encryptedAmong, type FolderPart, refresh, writeTree } from './take-files.ts';

/**
 * Moves a folder's files from the tree in its index to another; git refuses to overwrite anything unknown. Files
 * covered by ignore rules or encrypting filters of that tree stay, even if they were not covered before.
 */
export async function moveFiles(store: CheckpointStore, part: FolderPart, target: string): Promise<void> {
  const now = await writeTree(store, part);
  if (now === target) return;
  const options = partOptions(store, part.part, part.folder);
  // Otherwise a file rewritten with the same bytes is refused as changed.
  await refresh(options);
  await runGit(['read-tree', '-m', '-u', now, target], options);
  const removed = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=D', now, target];
  const names = namesIn((await runGit(removed, listing(repositoryOptions(store)))).stdout);
  if (part.part === 'session' || names.length === 0) return;
  const ask = listing({ ...options, input: listOf(names), allowFailure: true });
  const ignored = namesIn((await runGit(['check-ignore', '-z', '--stdin'], ask)).stdout);
  const stay = [...ignored, ...(await encryptedAmong(store, part.folder, names))];
  if (stay.length > 0) await restoreFiles(store, options, { tree: now, names: stay });
}

async function restoreFiles(
  { dir }: CheckpointStore,
  options: GitOptions,
  { tree, names }: { tree: string; names: readonly string[] },
): Promise<void> {
  const index = join(dir, 'aside.index');
  const aside = { ...options, env: { ...options.env, GIT_INDEX_FILE: index } };
  try {
    await runGit(['read-tree', tree], aside);
    const input = listOf(names);
    await runGit(['checkout-index', '-z', '--stdin'], { ...aside, input, allowFailure: true });
  } finally {
    await rm(index, { force: true });
  }
}

function listOf(names: readonly string[]): Buffer {
  return rawBytes(`${names.join('\0')}\0`);
}
