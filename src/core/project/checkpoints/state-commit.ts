import * as z from 'zod';
import { crashPoint } from '../../kernel/fault-points.ts';
import { runGit } from '../git/git.ts';
import { commitsOf } from '../git/repository.ts';
import { stateRef } from './checkpoint-refs.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import { importCommit } from './import-commit.ts';

/** What a worker knew when it kept a state: the message of its commit, one line of JSON. */
export const KeptState = z.object({
  id: z.string(),
  folder: z.string(),
  branch: z.string().optional(),
  head: z.string().optional(),
  /** The number of the last event. */
  n: z.int(),
  lease: z.int(),
  /** The kind of its status. */
  status: z.string(),
  phase: z.string(),
  iteration: z.int(),
  at: z.iso.datetime(),
});
export type KeptState = z.infer<typeof KeptState>;

/** Larger files are left out of states. */
export const MAX_STATE_FILE_BYTES = 64 * 1024 * 1024;

export interface StatePlan {
  sessionFolder: string;
  /** Absent before there is a worktree, and if it is gone. */
  worktreeTree?: string;
  /** Paths in the commit, and the plain files on this disk. */
  files: readonly (readonly [path: string, file: string])[];
  kept: Omit<KeptState, 'head'>;
}

/**
 * Commits everything that another machine needs to continue a resting session: `worktree/` and the given files. Its
 * parents are the previous state and the tip of the session's branch.
 */
export async function commitState(store: CheckpointStore, plan: StatePlan): Promise<void> {
  const { sessionFolder, worktreeTree, kept } = plan;
  const options = repositoryOptions(store);
  const ref = stateRef(sessionFolder);
  // git reads the list line by line.
  const files = plan.files.filter(([, file]) => !file.includes('\n'));
  const hash = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
  const input = files.map(([, file]) => `${file}\n`).join('');
  const [hashed, [before, head]] = await Promise.all([
    runGit(hash, { ...options, input }),
    commitsOf([ref, `refs/heads/${kept.branch ?? ''}`], options),
  ]);
  const blobs = hashed.stdout.split('\n');
  crashPoint('keep-state');
  await importCommit(store, {
    ref,
    message: JSON.stringify({ ...kept, head }),
    parents: [before, head].filter((commit) => commit !== undefined),
    files: [
      ...(worktreeTree === undefined ? [] : [{ mode: '040000', content: worktreeTree, path: 'worktree' }]),
      ...files.map(([path], index) => ({ mode: '100644', content: blobs[index] ?? '', path })),
    ],
  });
}
