import { runGit } from '../git/git.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';

export interface ImportPlan {
  /** Moves to the commit, from wherever it is. */
  ref: string;
  message: string;
  parents: readonly string[];
  /** Mode, id of the blob or tree, and path in the commit; paths have no line breaks. */
  files: readonly (readonly [mode: string, id: string, path: string])[];
}

/**
 * Commits existing blobs and trees under a ref, as samocode: a checkpoint never fails for lack of an identity, and is
 * not mistaken for a person's commit. One process makes trees, commit and ref; the ref moves last.
 * @returns the commit
 */
export async function importCommit(
  store: CheckpointStore,
  { ref, message, parents: [first, ...others], files }: ImportPlan,
): Promise<string> {
  const stream = [
    `commit ${ref}`,
    'mark :1',
    'committer samocode <samocode@localhost> now',
    `data ${Buffer.byteLength(message)}`,
    message,
    ...(first === undefined ? [] : [`from ${first}`]),
    ...others.map((parent) => `merge ${parent}`),
    'deleteall',
    ...files.map(([mode, id, path]) => `M ${mode} ${id} ${path}`),
    'get-mark :1',
    'done\n',
  ];
  const importing = ['fast-import', '--quiet', '--force', '--done', '--date-format=now'];
  const options = { ...repositoryOptions(store), config: UNPACKED, input: stream.join('\n') };
  return (await runGit(importing, options)).stdout.trim();
}

/** A pack for each commit would slow every later read of the repository. */
const UNPACKED: [string, string][] = [['fastimport.unpackLimit', '1000']];
