import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import * as z from 'zod';
import { systemClock } from '../../kernel/clock.ts';
import { ifThere } from '../../kernel/errors.ts';
import { blobId, fileIdentity } from '../../kernel/files/fingerprint.ts';
import { runGit } from '../git/git.ts';
import { pathAt, rawName, readable } from '../git/path-bytes.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import { areTooMany, foldersBeyondBounds, pathStates } from './file-bounds.ts';
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
  const files = names.flatMap((name) =>
    encrypted.has(name) ? [] : (readDocument(store, { folder, name, known: before.get(name) }) ?? []),
  );
  await writeLarge(store, folder, files);
  const skipped = [...listed.repositories, ...unfit, ...folders.map((each) => `${each}*`), ...encrypted];
  return { files, skipped: skipped.map(readable) };
}

/** At the top of the session folder: files that only the worker appends to, messages to agents, and drafts. */
const NOT_DOCUMENTS = /^(?:_logs|_inbox|session\.log|_signal_history\.jsonl|\..*\.draft)$/;

/** Files and links below a folder, and repositories in it with a trailing slash, in the order of their bytes. */
function documentNames(folder: string, config: string): { names: string[]; repositories: string[] } {
  const names: string[] = [];
  const repositories: string[] = [];
  // As git names them on macOS.
  const composes = config.includes('precomposeunicode = true');
  const composed = (name: string) => (composes ? rawName(readable(name).normalize('NFC')) : name);
  const read = (below: string) => {
    for (const entry of entriesAt(folder, below)) {
      if (entry.name.toLowerCase() === '.git' || (below === '' && NOT_DOCUMENTS.test(entry.name))) continue;
      const name = `${below}${composed(entry.name)}`;
      if (entry.isFile() || entry.isSymbolicLink()) names.push(name);
      else if (entry.isDirectory() && isRepository(folder, name)) repositories.push(`${name}/`);
      else if (entry.isDirectory()) read(`${name}/`);
    }
  };
  read('');
  return { names: names.sort(), repositories };
}

function entriesAt(folder: string, below: string) {
  const path = below === '' ? folder : pathAt(folder, below);
  return ifThere(() => readdirSync(path, { withFileTypes: true, encoding: 'latin1' })) ?? [];
}

function isRepository(folder: string, name: string): boolean {
  const at = (path: string) => lstatSync(pathAt(folder, path), { throwIfNoEntry: false });
  return at(`${name}/.git`)?.isFile() === true || at(`${name}/.git/HEAD`) !== undefined;
}

/** A file that changed this shortly before it was read could change again without a new time. */
const SETTLED_MS = 2000;
/** git streams larger files, so that they are never in memory. */
const LARGE_BYTES = 1024 * 1024;

function readDocument(
  { config }: CheckpointStore,
  { folder, name, known }: { folder: string; name: string; known: KnownDocument | undefined },
): TakenDocument | undefined {
  const path = pathAt(folder, name);
  // Undefined if it vanished since it was listed.
  return ifThere(() => {
    const stats = lstatSync(path);
    const identity = fileIdentity(stats);
    if (known?.identity === identity) return known;
    const mode = modeOf(stats, config);
    const settled = stats.ctimeMs < systemClock.now() - SETTLED_MS ? identity : '';
    if (stats.size > LARGE_BYTES && !name.includes('\n')) return { name, mode, id: '', identity: settled };
    const bytes = stats.isSymbolicLink() ? readlinkSync(path, { encoding: 'buffer' }) : readFileSync(path);
    const id = blobId(bytes, config.includes('objectformat = sha256') ? 'sha256' : 'sha1');
    const isKnown = known?.id === id;
    return { name, mode, id, identity: settled, ...(isKnown ? {} : { bytes }) };
  });
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
