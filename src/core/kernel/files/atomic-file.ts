import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BASE_ERRORS } from '../base-errors.ts';
import { noteSync } from '../effects.ts';
import { ifThere, orNothing, systemErrorCode } from '../errors.ts';
import { failPoint, tearPoint } from '../fault-points.ts';

// Only fsync is asynchronous. Node runs any other asynchronous file call on a thread, at ten times the cost of the
// call: a worker makes some two hundred of them between two agents.
const synced = promisify(fsync);

/**
 * Replaces a whole file: draft, fsync, rename, fsync of the folder. A reader sees the old bytes or the new ones, even
 * after a crash; a link at `path` is replaced, never followed.
 * @throws the system error (such as a full disk); the old file stays, the draft is removed
 */
export async function writeWhole(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  await writeIntact(path, data, mode);
  await syncFolder(dirname(path));
}

/**
 * Like `writeWhole`, without the fsync of the folder: after a power cut a reader may see the old bytes, but never a part
 * of the new ones. For data that can be made again, and for several files of one folder that is then synced once.
 */
export async function writeIntact(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  await replaceIntact(path, data, { mode, stillFits: () => true });
}

/**
 * Like `writeIntact`, for a file that others also write.
 * @param options.stillFits called once the draft is on disk, right before the rename
 * @returns false if `stillFits` returned false: nothing was replaced
 */
export async function replaceIntact(
  path: string,
  data: string | Uint8Array,
  { mode, stillFits }: { mode: number; stillFits: () => boolean },
): Promise<boolean> {
  const draft = draftPath(path);
  try {
    await writeDraft(draft, data, mode);
    if (!stillFits()) return false;
    renameSync(draft, path);
  } finally {
    // Already gone if it was renamed.
    ifThere(() => unlinkSync(draft));
  }
  return true;
}

/**
 * Replaces a whole file without fsync: readers see the old bytes or the new ones, and after a power cut perhaps
 * neither. For data that may be lost and is written often.
 * @throws the system error; the old file stays
 */
export function writeLightly(path: string, data: string | Uint8Array, mode = 0o644): void {
  // A random name: opening a pipe placed at a predictable one would hang.
  const draft = draftPath(path);
  try {
    writeFileSync(draft, data, { flag: 'wx', mode });
    renameSync(draft, path);
  } catch (error) {
    ifThere(() => unlinkSync(draft));
    throw error;
  }
}

/**
 * Creates a file that must not exist yet. link() refuses an existing name, and the file it publishes is already
 * complete: no rival can create it a second time or read half of it.
 * @returns false when the name is taken
 */
export async function createWhole(path: string, data: string | Uint8Array, mode = 0o644): Promise<boolean> {
  const draft = draftPath(path);
  try {
    await writeDraft(draft, data, mode);
    linkTo(draft, path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    ifThere(() => unlinkSync(draft));
  }
  await syncFolder(dirname(path));
  return true;
}

/**
 * Like `createWhole`, without fsync: exactly one of N writers wins, and after a power cut the file may be empty or
 * missing.
 */
export function createLightly(path: string, data: string): boolean {
  const draft = draftPath(path);
  try {
    writeFileSync(draft, data, { flag: 'wx', mode: 0o644 });
    linkTo(draft, path);
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    ifThere(() => unlinkSync(draft));
  }
  return true;
}

function linkTo(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    throw explainedLink(error, path);
  }
}

/**
 * Removes drafts left in a folder by killed writers. The caller must know that no process writes there. A folder that
 * can't be read is skipped.
 */
export function removeDrafts(folder: string): void {
  for (const name of orNothing(() => readdirSync(folder)) ?? [])
    if (DRAFT.test(name)) orNothing(() => unlinkSync(join(folder, name)));
}

/** Makes a folder's entries durable: otherwise a power cut can undo a rename. */
export async function syncFolder(folder: string): Promise<void> {
  const descriptor = openSync(folder, 'r');
  try {
    await synced(descriptor);
    noteSync(folder);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes every byte or throws: on a nearly full disk, write() stores only a part and reports how much. */
export function writeFully(descriptor: number, data: Uint8Array): void {
  failPoint('write');
  tear(descriptor, data);
  for (let written = 0; written < data.length; ) {
    const bytesWritten = writeSync(descriptor, data, written, data.length - written);
    if (bytesWritten === 0)
      throw Object.assign(new Error('The file system took no more bytes.'), { code: 'ENOSPC' });
    written += bytesWritten;
  }
}

// Simulates a power cut in the middle of a write.
function tear(descriptor: number, data: Uint8Array): void {
  const bytes = tearPoint('write', data.length);
  if (bytes === undefined) return;
  writeSync(descriptor, data, 0, bytes);
  process.kill(process.pid, 'SIGKILL');
}

async function writeDraft(draft: string, data: string | Uint8Array, mode: number): Promise<void> {
  const descriptor = openSync(draft, 'wx', mode);
  try {
    writeFully(descriptor, typeof data === 'string' ? Buffer.from(data) : data);
    await synced(descriptor);
    noteSync(draft);
  } finally {
    closeSync(descriptor);
  }
}

/** The name of a write in progress, or of one that was interrupted. */
const DRAFT = /^\..+\.[0-9a-f]{12}\.draft$/;

// The dot keeps drafts out of listings, and the random part keeps two writers apart.
function draftPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.draft`);
}

/** Errors of link() on file systems without hard links: EPERM on Linux. */
const NO_HARD_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Explains a failed hard link; returns any other error unchanged. */
function explainedLink(error: unknown, path: string): unknown {
  return NO_HARD_LINKS.includes(systemErrorCode(error) ?? '')
    ? BASE_ERRORS.no_hard_links({ folder: dirname(path) }, { cause: error })
    : error;
}
