import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CheckpointStore,
  partOptions,
  repositoryOptions,
  treeIn,
} from '../../../core/project/checkpoints/checkpoint-store.ts';
import { MAX_FILE_BYTES } from '../../../core/project/checkpoints/file-bounds.ts';
import { encryptedAmong } from '../../../core/project/checkpoints/take-files.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { listing, namesIn, readable } from '../../../core/project/git/path-bytes.ts';

/** Writes the files of a tree byte for byte into a folder without files. */
export async function checkOut(store: CheckpointStore, tree: string, folder: string): Promise<void> {
  const index = join(store.dir, 'check-out.index');
  const options = partOptions(store, 'session', folder);
  const env = { ...options.env, GIT_INDEX_FILE: index };
  await runGit(['read-tree', tree], { ...options, env });
  await runGit(['checkout-index', '--all'], { ...options, env });
  rmSync(index);
}

/**
 * Adds a worktree with the files of a state, uncommitted ones included, on the session's branch.
 * @param left readable names of files that the state leaves out: they are as in the branch
 */
export async function checkOutWorktree(
  store: CheckpointStore,
  {
    commit,
    head,
    branch,
    left,
    mainRepo,
    worktreePath,
  }: Record<'commit' | 'head' | 'branch' | 'mainRepo' | 'worktreePath', string> & { left: readonly string[] },
): Promise<void> {
  const main = { ...store.context, cwd: mainRepo };
  await runGit(['worktree', 'prune'], main);
  // No checkout here, so that each file is written only once, byte for byte.
  await runGit(['worktree', 'add', '--quiet', '--force', '--no-checkout', '--', worktreePath, branch], main);
  const tree = await treeIn(store, commit, 'worktree');
  const options = partOptions(store, 'worktree', worktreePath);
  await runGit(['read-tree', tree], options);
  await runGit(['checkout-index', '--all', '--index'], options);
  const here = { ...options, env: {}, cwd: worktreePath };
  await runGit(['reset', '--quiet', '--mixed'], here);
  const missing = await notTaken(store, worktreePath, { head, tree, left });
  const input = Buffer.from(missing.map((name) => `${name}\0`).join(''), 'latin1');
  if (missing.length > 0) await runGit(['checkout-index', '--index', '-z', '--stdin'], { ...here, input });
}

/** Files of the branch that no checkpoint takes; others that are missing in a state were deleted. */
async function notTaken(
  store: CheckpointStore,
  worktreePath: string,
  { head, tree, left }: { head: string; tree: string; left: readonly string[] },
): Promise<string[]> {
  const options = repositoryOptions(store);
  const diff = ['diff-tree', '-r', '-z', '--no-renames', '--diff-filter=D', head, tree];
  const fields = namesIn((await runGit(diff, listing(options))).stdout);
  const gone = fields.flatMap((field, at) => {
    const [, mode = '', oid = ''] = /^:(\d+) \d+ (\w+) /.exec(field) ?? [];
    return at % 2 === 0 ? [{ name: fields[at + 1] ?? '', mode, oid }] : [];
  });
  const input = gone.map(({ oid }) => `${oid}\n`).join('');
  const asked = await runGit(['cat-file', '--batch-check=%(objectsize)'], { ...options, input });
  const sizes = asked.stdout.split('\n').map(Number);
  const encrypted = await encryptedAmong(
    store,
    worktreePath,
    gone.map(({ name }) => name),
  );
  const isLeftOut = ({ name, mode }: { name: string; mode: string }, at: number) =>
    mode === '160000' ||
    (sizes[at] ?? 0) > MAX_FILE_BYTES ||
    encrypted.has(name) ||
    left.includes(readable(name));
  return gone.filter(isLeftOut).map(({ name }) => name);
}
