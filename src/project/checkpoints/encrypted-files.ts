import { type GitOptions, runGit } from '../git/git.ts';
import { bytesOf, listing, namesIn } from '../git/path-bytes.ts';
import type { CheckpointStore } from './checkpoint-store.ts';

/** Filters whose files lie in clear in the worktree and encrypted in the repository, by their names or commands. */
const ENCRYPTS = /crypt|cipher|openssl|gpg|sops|vault|secret|(?:^|\W)age(?:\W|$)/i;

/** Those of the names, as git lists them, whose files only the repository's own, encrypted blobs may stand for. */
export async function encryptedAmong(
  { commonDir, context }: CheckpointStore,
  folder: string,
  names: readonly string[],
): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const env = { GIT_DIR: commonDir, GIT_WORK_TREE: folder };
  const options = listing({ ...context, cwd: folder, env });
  const input = bytesOf(`${names.join('\0')}\0`);
  const asked = await runGit(['check-attr', '-z', '--stdin', 'filter'], { ...options, input });
  const words = asked.stdout.split('\0');
  const filtered = names.flatMap((name, index) => {
    const filter = words[index * 3 + 2] ?? '';
    return NONE.has(filter) ? [] : [{ name, filter }];
  });
  if (filtered.length === 0) return new Set();
  const encrypting = await encryptingFilters(options);
  return new Set(filtered.filter(({ filter }) => encrypting(filter)).map(({ name }) => name));
}

const NONE: ReadonlySet<string> = new Set(['unspecified', 'set', 'unset', '']);

async function encryptingFilters(options: GitOptions): Promise<(filter: string) => boolean> {
  const ask = ['config', '-z', '--get-regexp', '^filter\\..*\\.(clean|process)$'];
  const { stdout } = await runGit(ask, { ...options, allowFailure: true });
  const commands = namesIn(stdout).map((entry) => entry.split('\n'));
  return (filter) =>
    ENCRYPTS.test(filter) ||
    commands.some(([key = '', command = '']) => {
      return key.startsWith(`filter.${filter}.`) && ENCRYPTS.test(command);
    });
}

/** The blobs that the worktree's own index has of these, in the words of `update-index --index-info`. */
export async function ownBlobs(
  { context }: CheckpointStore,
  folder: string,
  names: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const list = await runGit(
    ['ls-files', '-s', '-z'],
    listing({ ...context, cwd: folder, allowFailure: true }),
  );
  const blobs = new Map<string, string>();
  for (const line of namesIn(list.stdout)) {
    const name = line.slice(line.indexOf('\t') + 1);
    if (names.has(name) && / 0\t/.test(line)) blobs.set(name, line);
  }
  return blobs;
}
