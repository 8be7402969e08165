import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, renameSync, rmSync } from 'node:fs';
import { systemErrorCode } from '../errors.ts';
import { writeFully } from './atomic-file.ts';
import { openEnd } from './lines.ts';
import { makeFolder } from './make-folder.ts';
import { statsAt } from './path-stats.ts';

/** Longer than any line we write. */
const LONGEST_LINE_BYTES = 256 * 1024;

/**
 * Appends whole lines in one write. A last line without LF is terminated first, or cut off if `isWhole` says that a
 * crash tore it. A link at `path` is removed, never followed; a folder there is moved aside.
 * @param text one or more lines, each terminated by LF
 */
export function appendLines(
  path: string,
  text: string,
  isWhole: (line: string) => boolean = () => true,
): void {
  if (text === '') return;
  const descriptor = openForAppend(path);
  try {
    const last = openEnd(descriptor, LONGEST_LINE_BYTES);
    const isTorn = last !== undefined && !isWhole(last.bytes.toString('utf8'));
    if (isTorn) ftruncateSync(descriptor, last.begin);
    writeFully(descriptor, Buffer.from(last === undefined || isTorn ? text : `\n${text}`));
  } finally {
    closeSync(descriptor);
  }
}

/** Makes `path` a real folder, for this user alone, removing a link or file of that name. @returns whether one was removed */
export function ensurePlainFolder(path: string): boolean {
  const stats = statsAt(path);
  if (stats?.isDirectory()) return false;
  if (stats !== undefined) rmSync(path, { force: true });
  makeFolder(path, 0o700);
  return stats !== undefined;
}

/**
 * Opens a plain file for appending and reading, creating it if missing; removes a link or pipe, moves a folder aside.
 * @returns its descriptor
 */
export function openForAppend(path: string, mode = 0o644): number {
  const flags =
    constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    const descriptor = openSync(path, flags, mode);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ELOOP' && code !== 'EMLINK' && code !== 'EISDIR' && code !== 'ENXIO') throw error;
  }
  moveAside(path);
  rmSync(path, { force: true });
  return openSync(path, flags, mode);
}

/**
 * Makes room for a new file: keeps the folder or file at `path` under another name. Links and pipes have no content to
 * keep; the caller removes or replaces them.
 * @returns its new path; undefined when nothing had to be moved
 */
export function moveAside(path: string): string | undefined {
  const stats = statsAt(path);
  if (stats === undefined || !(stats.isDirectory() || stats.isFile())) return undefined;
  const aside = `${path}.aside-${randomBytes(4).toString('hex')}`;
  renameSync(path, aside);
  return aside;
}
