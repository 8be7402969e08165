import { constants, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { mayAccess, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { stateRef } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import {
  type CheckpointStore,
  partOptions,
  repositoryOptions,
} from '../../../core/project/checkpoints/checkpoint-store.ts';
import { commitTree } from '../../../core/project/checkpoints/commit-tree.ts';
import { gitLine, runGit } from '../../../core/project/git/git.ts';
import { commitsOf } from '../../../core/project/git/repository.ts';
import type { KeptState } from '../board/state-manifest.ts';

/** Larger files are left out of states. */
export const MAX_STATE_FILE_BYTES = 64 * 1024 * 1024;
/** The documents and the machine state of a session, without its worktree. */
export const MAX_STATE_BYTES = 1024 * 1024 * 1024;

type StateFile = readonly [path: string, file: string];

/** Divides files by whether they fit into a state. Other machines refuse a whole state for one file that does not. */
export function divideFiles(files: readonly StateFile[]): { fit: StateFile[]; unfit: StateFile[] } {
  let total = 0;
  const isFit = ([path, file]: StateFile) => {
    const { size = 0 } = statsAt(file) ?? {};
    if (size > MAX_STATE_FILE_BYTES || !isSafePath(path) || !mayAccess(file, constants.R_OK)) return false;
    total += size;
    return total <= MAX_STATE_BYTES;
  };
  const fit = files.filter(isFit);
  const taken = new Set(fit);
  return { fit, unfit: files.filter((file) => !taken.has(file)) };
}

/** Logs are handled separately, and drafts are unfinished. git accepts no path with a `.git` component. */
export function isDocument(name: string): boolean {
  return !/^_logs(?:\/|$)|(?:^|\/)\.(?:git(?:\/|$)|[^/]*\.draft$)/i.test(name);
}

export function isSafePath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: samocode never writes such names
  return !/(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)|[\x00-\x1f\\]/i.test(path);
}

export interface StatePlan {
  sessionFolder: string;
  /** Absent before there is a worktree, and if it is gone. */
  worktreeTree?: string;
  /** Paths in the commit, and the plain files on this disk; they fit, see `divideFiles`. */
  files: readonly StateFile[];
  kept: Omit<KeptState, 'head'>;
}

/**
 * Commits everything that another machine needs to continue a resting session: `worktree/` and the given files. Its
 * parents are the previous state and the tip of the session's branch.
 */
export async function commitState(store: CheckpointStore, plan: StatePlan): Promise<void> {
  const { sessionFolder, worktreeTree, kept, files } = plan;
  const options = repositoryOptions(store);
  const ref = stateRef(sessionFolder);
  const hash = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
  const input = files.map(([, file]) => `${file}\n`).join('');
  const [hashed, [before, head]] = await Promise.all([
    runGit(hash, { ...options, input }),
    commitsOf([ref, `refs/heads/${kept.branch ?? ''}`], options),
  ]);
  const blobs = hashed.stdout.split('\n');
  crashPoint('keep-state');
  const entries = files.map(([path], index) => `100644 ${blobs[index]}\t${path}\0`).join('');
  const listed = await gitLine(['ls-tree', await treeOf(entries, store)], options);
  const worktree = worktreeTree === undefined ? '' : `040000 tree ${worktreeTree}\tworktree`;
  await commitTree(store, {
    ref,
    message: JSON.stringify({ ...kept, head }),
    parents: [before, head].filter((commit) => commit !== undefined),
    tree: await gitLine(['mktree'], { ...options, input: [listed, worktree].filter(Boolean).join('\n') }),
  });
}

/** @param entries lines for `--index-info` */
async function treeOf(entries: string, store: CheckpointStore): Promise<string> {
  const index = join(store.dir, 'state.index');
  // A crash may have left them.
  for (const path of [index, `${index}.lock`]) rmSync(path, { force: true });
  // With the settings of our git folder: names are those on this disk, and none is refused for another system.
  const { env, ...options } = partOptions(store, 'session', store.dir);
  const aside = { ...options, env: { ...env, GIT_INDEX_FILE: index } };
  await runGit(['update-index', '-z', '--index-info'], { ...aside, input: entries });
  return await gitLine(['write-tree'], aside);
}
