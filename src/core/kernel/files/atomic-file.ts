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

// Only fsync is asynchronous. Node runs any other asynchronous file call on a thread, at ten times the cost of the call.
const synced = promisify(fsync);

interface Writing {
  mode?: number;
  /** The name must not be taken. Of N writers exactly one wins, and none can read half of what another writes. */
  exclusive?: boolean;
  /** For a file that others also write: called once the draft is complete, right before it takes the place. */
  stillFits?: () => boolean;
}

/**
 * Writes a whole file: draft, fsync, rename, fsync of the folder. A reader sees the old bytes or the new ones, even
 * after a crash; a link at `path` is replaced, never followed.
 * @param options.sync `file`: without the fsync of the folder. After a power cut a reader may see the old bytes, but
 * never a part of the new ones: for data that can be made again, and for several files of a folder that is then synced
 * once
 * @returns false if nothing was written: the name was taken, or `stillFits` returned false
 * @throws the system error (such as a full disk); the old file stays, the draft is removed
 */
export async function writeWhole(
  path: string,
  data: string | Uint8Array,
  { sync = 'folder', ...writing }: Writing & { sync?: 'file' | 'folder' } = {},
): Promise<boolean> {
  const draft = draftPath(path);
  try {
    await writeDraft(draft, data, writing.mode);
    if (!place(draft, path, writing)) return false;
  } finally {
    // Already gone if it was renamed.
    ifThere(() => unlinkSync(draft));
  }
  if (sync === 'folder') await syncFolder(dirname(path));
  return true;
}

/**
 * Like `writeWhole`, at once and without fsync: after a power cut the file may be empty or missing. For data that may
 * be lost and is written often.
 */
export function writeUnsynced(path: string, data: string | Uint8Array, writing: Writing = {}): boolean {
  const draft = draftPath(path);
  try {
    writeFileSync(draft, data, { flag: 'wx', mode: writing.mode ?? DEFAULT_MODE });
    return place(draft, path, writing);
  } finally {
    ifThere(() => unlinkSync(draft));
  }
}

/** Only link() refuses an existing name. */
function place(draft: string, path: string, { exclusive = false, stillFits }: Writing): boolean {
  if (stillFits?.() === false) return false;
  try {
    if (exclusive) linkSync(draft, path);
    else renameSync(draft, path);
  } catch (error) {
    if (!exclusive) throw error;
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw explainedLink(error, path);
  }
  return true;
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

const DEFAULT_MODE = 0o644;

async function writeDraft(draft: string, data: string | Uint8Array, mode = DEFAULT_MODE): Promise<void> {
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
