import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import * as z from 'zod';
import { systemClock } from '../../kernel/clock.ts';
import { orNothing } from '../../kernel/errors.ts';
import { blobId, fileIdentity, SETTLED_MS } from '../../kernel/files/fingerprint.ts';
import { readOpened, withPlainFile } from '../../kernel/files/plain-file.ts';
import { runGit } from '../git/git.ts';
import { pathAt, rawName, readable } from '../git/path-bytes.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import { areTooMany, foldersBeyondBounds, MAX_FILE_BYTES, pathStates } from './file-bounds.ts';
import { encryptedAmong } from './take-files.ts';

/** A document as the newest checkpoint has it. */
export const KnownDocument = z.object({
  /** One latin1 character for every byte. */
  name: z.string(),
  mode: z.string(),
  /** The id of its blob. */
  id: z.string(),
  /** The state of the file that has these bytes; empty if it had just changed, and so could change unseen. */
  identity: z.string(),
});
export type KnownDocument = z.infer<typeof KnownDocument>;

export interface TakenDocument extends KnownDocument {
  /** Absent if the repository has the blob. */
  bytes?: Buffer;
}

export interface TakenDocuments {
  files: TakenDocument[];
  /** Readable names of what no checkpoint includes, see `TakenFiles`. */
  skipped: string[];
}

/** Reads the documents of a session folder, sorted by name. @param known those whose blobs the repository has */
export async function takeDocuments(
  store: CheckpointStore,
  folder: string,
  known: readonly KnownDocument[],
): Promise<TakenDocuments> {
  const before = new Map(known.map((document) => [document.name, document]));
  const listed = documentNames(folder, store.config);
  const stateAt = pathStates(folder);
  const fit = listed.names.flatMap((name) => {
    const state = stateAt(name);
    return state.kind === 'file' ? [{ name, isNew: !before.has(name), sizeBytes: state.sizeBytes }] : [];
  });
  const unfit = listed.names.filter((name) => stateAt(name).kind === 'unfit');
  const found = fit.filter(({ isNew }) => isNew);
  const folders = areTooMany(found) ? foldersBeyondBounds(found) : [];
  const isBeyond = ({ name, isNew }: { name: string; isNew: boolean }) =>
    isNew && folders.some((each) => name.startsWith(each));
  const names = fit.filter((file) => !isBeyond(file)).map(({ name }) => name);
  const encrypted = await encryptedAmong(store, folder, names);
  const reader = new DocumentReader(folder, store.config);
  const files = names.flatMap((name) =>
    encrypted.has(name) ? [] : (reader.read(name, before.get(name)) ?? []),
  );
  await writeLarge(store, folder, files);
  const skipped = [...listed.skipped, ...unfit, ...folders.map((each) => `${each}*`), ...encrypted];
  return { files, skipped: skipped.map(readable) };
}

/** At the top of the session folder: files that only the worker appends to, messages to agents, and drafts. */
const NOT_DOCUMENTS = /^(?:_logs|_inbox|session\.log|_signal_history\.jsonl|\..*\.draft)$/;

/** Files and links below a folder, in the order of their bytes; with a slash, folders that no checkpoint includes. */
function documentNames(folder: string, config: string): { names: string[]; skipped: string[] } {
  const names: string[] = [];
  const skipped: string[] = [];
  // As git names them on macOS.
  const composes = config.includes('precomposeunicode = true');
  const composed = (name: string) => (composes ? rawName(readable(name).normalize('NFC')) : name);
  const read = (below: string) => {
    const entries = entriesAt(folder, below);
    if (entries === undefined) skipped.push(below);
    for (const entry of entries ?? []) {
      if (entry.name.toLowerCase() === '.git' || (below === '' && NOT_DOCUMENTS.test(entry.name))) continue;
      const name = `${below}${composed(entry.name)}`;
      if (entry.isFile() || entry.isSymbolicLink()) names.push(name);
      else if (entry.isDirectory() && isRepository(folder, name)) skipped.push(`${name}/`);
      else if (entry.isDirectory()) read(`${name}/`);
    }
  };
  read('');
  return { names: names.sort(), skipped };
}

/** Undefined for a folder that cannot be read, or whose path is too long: an agent must not prevent a checkpoint. */
function entriesAt(folder: string, below: string) {
  const path = below === '' ? folder : pathAt(folder, below);
  return orNothing(() => readdirSync(path, { withFileTypes: true, encoding: 'latin1' }));
}

function isRepository(folder: string, name: string): boolean {
  const at = (path: string) => orNothing(() => lstatSync(pathAt(folder, path)));
  return at(`${name}/.git`)?.isFile() === true || at(`${name}/.git/HEAD`) !== undefined;
}

/** git streams larger files, and all beyond the sum, so that they are never in memory. */
const LARGE_BYTES = 1024 * 1024;
const MAX_SUM_BYTES = 32 * LARGE_BYTES;

class DocumentReader {
  readonly #folder: string;
  readonly #config: string;
  #bytesLeft = MAX_SUM_BYTES;

  constructor(folder: string, config: string) {
    this.#folder = folder;
    this.#config = config;
  }

  /** The id is empty if git must read the file. */
  read(name: string, known: KnownDocument | undefined): TakenDocument | undefined {
    const path = pathAt(this.#folder, name);
    const stats = orNothing(() => lstatSync(path));
    if (stats === undefined) return undefined;
    if (known?.identity === fileIdentity(stats)) return known;
    const mode = modeOf(stats, this.#config);
    const isLarge = stats.size > Math.min(LARGE_BYTES, this.#bytesLeft) && !/[\r\n]/.test(name);
    if (isLarge) return { name, mode, id: '', identity: settledIdentity(stats) };
    const bytes = stats.isSymbolicLink() ? linkAt(path) : bytesAt(path);
    if (bytes === undefined) return undefined;
    this.#bytesLeft -= bytes.length;
    const id = blobId(bytes, this.#config.includes('objectformat = sha256') ? 'sha256' : 'sha1');
    return { name, mode, id, identity: settledIdentity(stats), ...(known?.id === id ? {} : { bytes }) };
  }
}

function settledIdentity(stats: Stats): string {
  return stats.ctimeMs < systemClock.now() - SETTLED_MS ? fileIdentity(stats) : '';
}

function linkAt(path: string | Buffer): Buffer | undefined {
  return orNothing(() => readlinkSync(path, { encoding: 'buffer' }));
}

/** An agent may have put a pipe or a link there since, or let the file grow. */
function bytesAt(path: string | Buffer): Buffer | undefined {
  const reading = orNothing(() =>
    withPlainFile(path, (file, stats) => readOpened(file, stats, MAX_FILE_BYTES)),
  );
  return reading?.kind === 'bytes' ? reading.bytes : undefined;
}

function modeOf(stats: Stats, config: string): string {
  if (stats.isSymbolicLink()) return '120000';
  return (stats.mode & 0o100) === 0 || config.includes('filemode = false') ? '100644' : '100755';
}

const NEW_LINE = Buffer.from('\n');

async function writeLarge(store: CheckpointStore, folder: string, files: TakenDocument[]): Promise<void> {
  const large = files.filter(({ id }) => id === '');
  if (large.length === 0) return;
  const input = Buffer.concat(large.flatMap(({ name }) => [Buffer.from(pathAt(folder, name)), NEW_LINE]));
  const hash = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
  const { stdout } = await runGit(hash, { ...repositoryOptions(store), input });
  for (const [at, id] of stdout.trimEnd().split('\n').entries()) Object.assign(large[at] ?? {}, { id });
}
