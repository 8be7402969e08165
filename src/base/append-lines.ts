import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rm } from 'node:fs/promises';
import { writeFully } from './atomic-file.ts';
import { ifExists, systemErrorCode } from './errors.ts';
import { putAside } from './put-aside.ts';

const LF = 0x0a;

/** More than any line of ours is long. */
const LONGEST_LINE_BYTES = 256 * 1024;

/**
 * Appends whole lines in one write. A last line without LF is ended first, or cut off where `isWhole` says
 * that a crash tore it; a link or folder that somebody put under the name is taken away, never followed.
 * @param text one or more lines, each ended by LF
 */
export async function appendLines(
  path: string,
  text: string,
  isWhole: (line: string) => boolean = () => true,
): Promise<void> {
  if (text === '') return;
  const handle = await openForAppend(path);
  try {
    const last = await lastLine(handle);
    const torn = last.length > 0 && !isWhole(last.toString('utf8'));
    if (torn) await handle.truncate((await handle.stat()).size - last.length);
    await writeFully(handle, Buffer.from(last.length > 0 && !torn ? `\n${text}` : text));
  } finally {
    await handle.close();
  }
}

/** What stands behind the last LF; empty where the file ends with one. */
async function lastLine(handle: FileHandle): Promise<Buffer> {
  const { size } = await handle.stat();
  const end = Buffer.alloc(1);
  if (size > 0) await handle.read(end, 0, 1, size - 1);
  if (size === 0 || end[0] === LF) return Buffer.alloc(0);
  // Rare: a crash tore it, or a person's editor left out the last line end.
  const bytes = Buffer.alloc(Math.min(size, LONGEST_LINE_BYTES));
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, size - bytes.length);
  return bytes.subarray(bytes.lastIndexOf(LF, bytesRead - 1) + 1, bytesRead);
}

/** The last `maxBytes` of a plain file as text; empty when there is none. */
export async function readTail(path: string, maxBytes: number): Promise<string> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return '';
      const length = Math.min(maxBytes, stats.size);
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await handle.read(bytes, 0, length, stats.size - length);
      return bytes.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'EISDIR' || code === 'ENXIO' || code === 'ENOTDIR')
      return '';
    throw error;
  }
}

/** Makes `path` a folder of its own: a link or file under that name is taken away first. @returns true when it was so */
export async function ensurePlainFolder(path: string): Promise<boolean> {
  const stats = await ifExists(lstat(path));
  const foreign = stats !== undefined && !stats.isDirectory();
  if (foreign) await rm(path, { force: true });
  await mkdir(path, { recursive: true });
  return foreign;
}

/**
 * Opens a plain file for appending and reading, made when it is missing; a link, folder or pipe under its
 * name is taken away.
 */
export async function openForAppend(path: string): Promise<FileHandle> {
  const flags =
    constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    const handle = await open(path, flags, 0o644);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ELOOP' && code !== 'EMLINK' && code !== 'EISDIR' && code !== 'ENXIO') throw error;
  }
  await putAside(path);
  await rm(path, { force: true });
  return await open(path, flags, 0o644);
}
