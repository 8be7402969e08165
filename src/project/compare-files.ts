import { Buffer } from 'node:buffer';
import { hash as hashOf } from 'node:crypto';
import { sep } from 'node:path';
import * as z from 'zod';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import { COARSEST_CLOCK_MS, fileSystemNowMs } from './file-system-now.ts';
import { runGit } from './git.ts';
import { bytesOf, nameOf, quoted, readable } from './path-bytes.ts';
import { type FileMode, type PathState, PathStates } from './path-state.ts';

const KnownFile = z.object({
  mode: z.enum(['100644', '100755', '120000']),
  /** The blob with its bytes. */
  id: z.string(),
  /** Equal stamps are equal bytes; empty when the file was too fresh to tell. */
  stamp: z.string(),
});
type KnownFile = z.infer<typeof KnownFile>;

/** What a checkpoint has at paths of a folder; null: nothing. Pairs, since a file may be called `__proto__`. */
export const KnownFiles = z.array(z.tuple([z.string(), KnownFile.nullable()]));
export type KnownFiles = z.infer<typeof KnownFiles>;

export interface FileChange {
  name: string;
  /** Null: it is there no more. Without bytes, the blob is in the repository already. */
  file: { mode: FileMode; id: string; bytes?: Buffer } | null;
}

export interface Comparison {
  changes: FileChange[];
  now: KnownFiles;
  /** Readable names of what is not taken: too large, unreadable, or a repository of its own (with a slash behind). */
  skipped: string[];
}

/** Compares paths below a folder with what is known of them. Only files with another stamp are read. */
export async function compareFiles(
  store: CheckpointStore,
  folder: string,
  { names, known }: { names: Iterable<string>; known: KnownFiles },
): Promise<Comparison> {
  const comparing = new Comparing(store, folder, known);
  for (const name of names) comparing.look(name);
  return await comparing.end();
}

/** Bytes that are read here; what is beyond is left to git alone, past our memory. */
const MAX_BYTES_OF_ONE = 1024 * 1024;
const MAX_BYTES_OF_ALL = 16 * 1024 * 1024;
class Comparing {
  readonly #store: CheckpointStore;
  readonly #folder: string;
  readonly #states: PathStates;
  readonly #before: ReadonlyMap<string, KnownFile | null>;
  readonly #settledBeforeMs: number;
  readonly #result: Comparison = { changes: [], now: [], skipped: [] };
  readonly #large: Array<{ name: string; mode: FileMode; stamp: string }> = [];
  #bytesLeft = MAX_BYTES_OF_ALL;

  constructor(store: CheckpointStore, folder: string, known: KnownFiles) {
    this.#store = store;
    this.#folder = folder;
    this.#states = new PathStates(folder, store.hasModes);
    this.#before = new Map(known);
    // One that was changed later may change again under the same stamp.
    this.#settledBeforeMs = fileSystemNowMs(store) - COARSEST_CLOCK_MS;
  }

  look(name: string): void {
    const isFolder = name.endsWith('/');
    const state: PathState = isFolder ? { kind: 'unfit' } : this.#states.at(name);
    if (state.kind === 'unfit') this.#result.skipped.push(readable(name));
    if (state.kind === 'file') this.#lookAtFile(name, state);
    else if (!isFolder) this.#settle(name, null);
  }

  #lookAtFile(name: string, { mode, sizeBytes, ...state }: Extract<PathState, { kind: 'file' }>): void {
    const stamp = state.changedAtMs < this.#settledBeforeMs ? state.stamp : '';
    const was = this.#before.get(name);
    if (was && stamp !== '' && was.stamp === stamp) this.#settle(name, was);
    else if (sizeBytes > Math.min(MAX_BYTES_OF_ONE, this.#bytesLeft)) this.#leaveToGit(name, mode, stamp);
    else this.#read(name, mode, stamp);
  }

  #read(name: string, mode: FileMode, stamp: string): void {
    const bytes = this.#states.read(name, mode);
    this.#bytesLeft -= bytes?.length ?? 0;
    if (bytes === undefined) this.#leaveOut(name);
    else this.#settle(name, { mode, id: blobId(this.#store, bytes), stamp }, bytes);
  }

  #leaveToGit(name: string, mode: FileMode, stamp: string): void {
    if (this.#states.isReadable(name, mode)) this.#large.push({ name, mode, stamp });
    else this.#leaveOut(name);
  }

  #leaveOut(name: string): void {
    this.#result.skipped.push(readable(name));
    this.#settle(name, null);
  }

  #settle(name: string, file: KnownFile | null, bytes?: Buffer): void {
    const { changes, now } = this.#result;
    now.push([name, file]);
    const was = this.#before.get(name);
    if (was !== undefined && was?.id === file?.id && was?.mode === file?.mode) return;
    changes.push({ name, file: file && { mode: file.mode, id: file.id, ...(bytes && { bytes }) } });
  }

  async end(): Promise<Comparison> {
    const ids = await storeLarge(
      this.#store,
      this.#large.map(({ name }) => `${nameOf(this.#folder)}${sep}${name}`),
    );
    for (const [index, { name, mode, stamp }] of this.#large.entries()) {
      this.#settle(name, { mode, id: ids[index] ?? '', stamp });
    }
    return this.#result;
  }
}

function blobId({ hash }: CheckpointStore, bytes: Buffer): string {
  return hashOf(hash, Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]));
}

async function storeLarge(store: CheckpointStore, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const input = bytesOf(paths.map((path) => `${quoted(path)}\n`).join(''));
  const args = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
  return (await runGit(args, { ...repositoryOptions(store), input })).stdout.trim().split('\n');
}
