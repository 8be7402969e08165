import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointStore, type KeptPart, partOptions, repositoryOptions } from './checkpoint-store.ts';
import { type GitOptions, runGit } from './git.ts';
import { bytesOf } from './path-bytes.ts';
import { listing, refresh, treeOf } from './take-files.ts';

export interface FolderPart {
  part: KeptPart;
  folder: string;
}

/**
 * Moves a folder's files from what its index knows to a tree; git refuses whatever it would lose by it. What
 * the ignore rules of that tree cover stays, also where it was not ignored until now.
 */
export async function moveFiles(store: CheckpointStore, part: FolderPart, to: string): Promise<void> {
  const now = await treeOf(store, part);
  if (now === to) return;
  const options = partOptions(store, part.part, part.folder);
  // A file that was written anew with the same bytes is listed as unchanged, and would be refused as changed.
  await refresh(options);
  await runGit(['read-tree', '-m', '-u', now, to], options);
  if (part.part === 'worktree') await putBackIgnored(store, options, { now, to });
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
  const index = join(store.dir, 'ignored.index');
  const aside = { ...options, env: { ...options.env, GIT_INDEX_FILE: index } };
  try {
    await runGit(['read-tree', now], aside);
    await runGit(['checkout-index', '-z', '--stdin'], {
      ...aside,
      input: bytesOf(ignored),
      allowFailure: true,
    });
  } finally {
    await rm(index, { force: true });
  }
}
