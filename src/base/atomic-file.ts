import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failPoint, tearPoint } from './fault-points.ts';

/**
 * Replaces a whole file: draft, fsync, rename, fsync of the folder. A reader sees the old bytes or the
 * new ones, also after a crash; a link standing at `path` is replaced, never followed.
 * @throws the system error (a full disk among them); the old file stays, the draft is removed
 */
export async function writeWhole(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const draft = draftPath(path);
  try {
    await writeDraft(draft, data, mode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Replaces a whole file without waiting for the disk: readers see the old bytes or the new ones, and after a power
 * cut perhaps neither. For what can be lost and is written often.
 * @throws the system error; the old file stays
 */
export async function writeLightly(path: string, data: string): Promise<void> {
  // A new name: a pipe that somebody put under an expected one would be waited for.
  const draft = draftPath(path);
  try {
    await writeFile(draft, data, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * Makes a whole file that must not exist yet. link() refuses an existing name, and the file that it
 * reveals is already complete: a rival can neither win twice nor read half of it.
 * @returns false when the name is taken
 */
export async function createWhole(path: string, data: string | Uint8Array, mode = 0o644): Promise<boolean> {
  const draft = draftPath(path);
  try {
    await writeDraft(draft, data, mode);
    await link(draft, path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/**
 * Removes the drafts that killed writers have left in a folder. Only for who knows that nobody writes there.
 * A folder that can't be read has none to be cared about.
 */
export async function removeDrafts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names)
    if (DRAFT.test(name)) await rm(join(folder, name), { force: true }).catch(() => undefined);
}

/** Makes a folder's entries durable: without it a rename may be undone by a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes every byte or throws: a nearly full disk takes a part and reports only the count. */
export async function writeFully(handle: FileHandle, data: Uint8Array): Promise<void> {
  failPoint('write');
  await tear(handle, data);
  let written = 0;
  while (written < data.length) {
    const { bytesWritten } = await handle.write(data, written, data.length - written);
    if (bytesWritten === 0)
      throw Object.assign(new Error('The file system took no more bytes.'), { code: 'ENOSPC' });
    written += bytesWritten;
  }
}

// A power cut in the middle of a write leaves a part of it.
async function tear(handle: FileHandle, data: Uint8Array): Promise<void> {
  const bytes = tearPoint('write', data.length);
  if (bytes === undefined) return;
  await handle.write(data, 0, bytes);
  process.kill(process.pid, 'SIGKILL');
}

async function writeDraft(draft: string, data: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(draft, 'wx', mode);
  try {
    await writeFully(handle, typeof data === 'string' ? Buffer.from(data) : data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const DRAFT = /^\..+\.[0-9a-f]{12}\.draft$/;

// The dot keeps drafts out of listings, and the random part keeps two writers apart.
function draftPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.draft`);
}
