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
import { ifThere, systemErrorCode } from '../errors.ts';
import { failPoint, tearPoint } from '../fault-points.ts';

// Only the disk itself is waited for. Node hands any other call on a file to a thread and back, which costs ten times
// as much as the call: a worker makes some two hundred of them between two children.
const synced = promisify(fsync);

/**
 * Replaces a whole file: draft, fsync, rename, fsync of the folder. A reader sees the old bytes or the
 * new ones, also after a crash; a link standing at `path` is replaced, never followed.
 * @throws the system error (a full disk among them); the old file stays, the draft is removed
 */
export async function writeWhole(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  await replaceWhole(path, data, { mode, stillFits: () => true });
}

/**
 * The same for a file that others write too.
 * @param options.stillFits asked when the draft is on disk, right before the rename
 * @returns false when it said no: nothing was replaced
 */
export async function replaceWhole(
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
    // Renamed, it is no longer there.
    ifThere(() => unlinkSync(draft));
  }
  await syncFolder(dirname(path));
  return true;
}

/**
 * Replaces a whole file without waiting for the disk: readers see the old bytes or the new ones, and after a power
 * cut perhaps neither. For what can be lost and is written often.
 * @throws the system error; the old file stays
 */
export function writeLightly(path: string, data: string | Uint8Array, mode = 0o644): void {
  // A new name: a pipe that somebody put under an expected one would be waited for.
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
 * Makes a whole file that must not exist yet. link() refuses an existing name, and the file that it
 * reveals is already complete: a rival can neither win twice nor read half of it.
 * @returns false when the name is taken
 * @throws no_hard_links
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

function linkTo(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    throw explainedLink(error, path);
  }
}

/**
 * Removes the drafts that killed writers have left in a folder. Only for who knows that nobody writes there.
 * A folder that can't be read has none to be cared about.
 */
export function removeDrafts(folder: string): void {
  for (const name of orNothing(() => readdirSync(folder)) ?? [])
    if (DRAFT.test(name)) orNothing(() => unlinkSync(join(folder, name)));
}

function orNothing<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Makes a folder's entries durable: without it a rename may be undone by a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const descriptor = openSync(folder, 'r');
  try {
    await synced(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes every byte or throws: a nearly full disk takes a part and reports only the count. */
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

// A power cut in the middle of a write leaves a part of it.
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
  } finally {
    closeSync(descriptor);
  }
}

/** What a write under way, or one that was cut off, leaves beside its file. */
const DRAFT = /^\..+\.[0-9a-f]{12}\.draft$/;

// The dot keeps drafts out of listings, and the random part keeps two writers apart.
function draftPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.draft`);
}

/** What systems answer to a hard link in a folder of our own where the disk knows none: EPERM on Linux. */
const NOT_KNOWN: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** The failure of a hard link at `path` with its true reason; any other error as it is. */
function explainedLink(error: unknown, path: string): unknown {
  return NOT_KNOWN.includes(systemErrorCode(error) ?? '')
    ? BASE_ERRORS.no_hard_links({ folder: dirname(path) }, { cause: error })
    : error;
}
