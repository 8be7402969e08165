import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { runGit } from '../git/git.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';

export interface ImportPlan {
  /** Moves to the commit, from wherever it is. */
  ref: string;
  message: string;
  parents: readonly string[];
  files: readonly ImportedFile[];
  /** A folder of the commit whose tree is returned. */
  part?: string;
}

export interface ImportedFile {
  mode: string;
  /** The id of an existing blob or tree, or the bytes of a blob to write. */
  content: string | Uint8Array;
  /** The path in the commit; as bytes if it is not text. */
  path: string | Buffer;
}

/**
 * Commits blobs and trees under a ref, as samocode: a checkpoint never fails for lack of an identity, and is not
 * mistaken for a person's commit. One process makes blobs, trees, commit and ref; the ref moves last.
 * @returns the commit, and the tree of the part that was asked for, empty if the commit has no file in it
 */
export async function importCommit(
  store: CheckpointStore,
  { ref, message, parents: [first, ...others], files, part }: ImportPlan,
): Promise<{ commit: string; tree: string }> {
  const head = [
    `commit ${ref}`,
    'mark :1',
    'committer samocode <samocode@localhost> now',
    `data ${Buffer.byteLength(message)}`,
    message,
    ...(first === undefined ? [] : [`from ${first}`]),
    ...others.map((parent) => `merge ${parent}`),
    'deleteall\n',
  ];
  const tail = [...(part === undefined ? [] : [`ls ${quoted(part)}`]), 'get-mark :1', 'done\n'];
  const input = Buffer.concat([
    Buffer.from(head.join('\n')),
    ...files.flatMap(lineOf),
    Buffer.from(tail.join('\n')),
  ]);
  const importing = ['fast-import', '--quiet', '--force', '--done', '--date-format=now'];
  const options = { ...repositoryOptions(store), config: SETTINGS, input };
  const { stdout } = await runGit(importing, options).catch((error: unknown) => {
    removeCrashReports(store, ref);
    throw error;
  });
  const lines = stdout.trim().split('\n');
  return { commit: lines.at(-1) ?? '', tree: /^040000 tree (\w+)\t/.exec(lines[0] ?? '')?.[1] ?? '' };
}

/** git leaves them in the person's git folder. */
function removeCrashReports({ commonDir }: CheckpointStore, ref: string): void {
  for (const name of namesAt(commonDir) ?? []) {
    const path = join(commonDir, name);
    if (!/^fast_import_crash_\d+$/.test(name) || !statsAt(path)?.isFile()) continue;
    if (readFileSync(path, 'utf8').includes(ref)) rmSync(path);
  }
}

function lineOf({ mode, content, path }: ImportedFile): (Buffer | Uint8Array)[] {
  const id = typeof content === 'string' ? content : 'inline';
  const line = Buffer.from(`M ${mode} ${id} ${quoted(path)}\n`, 'latin1');
  return typeof content === 'string'
    ? [line]
    : [line, Buffer.from(`data ${content.length}\n`), content, LINE_END];
}

const LINE_END = Buffer.from('\n');

/** In quotation marks, one latin1 character for every byte. */
function quoted(path: string | Buffer): string {
  const bytes = Buffer.from(path).toString('latin1');
  return `"${bytes.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

const SETTINGS: [string, string][] = [
  // A pack for each commit would slow every later read of the repository.
  ['fastimport.unpackLimit', '1000'],
  // Names are those on this disk: none is folded into another one, none is refused for the sake of another system.
  ['core.ignorecase', 'false'],
  ['core.protectNTFS', 'false'],
  ['core.protectHFS', 'false'],
];
