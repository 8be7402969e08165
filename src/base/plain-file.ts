import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { systemErrorCode } from './errors.ts';

export type PlainFileReading =
  | { kind: 'bytes'; bytes: Buffer; fileId: string }
  | { kind: 'missing' }
  /** A link, folder, pipe or giant stands where a plain file should. */
  | { kind: 'unusable'; problem: string };

/**
 * Reads a file that somebody untrusted may have put there: never follows a link, never waits for a
 * pipe, never takes more than `maxBytes`.
 */
export async function readPlainFile(path: string, maxBytes: number): Promise<PlainFileReading> {
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would hang.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return { kind: 'unusable', problem: 'not a plain file' };
      if (stats.size > maxBytes) return { kind: 'unusable', problem: `larger than ${maxBytes} bytes` };
      const bytes = await handle.readFile();
      return { kind: 'bytes', bytes, fileId: fileId(stats) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
    if (code === 'ELOOP' || code === 'EMLINK' || code === 'EISDIR' || code === 'ENXIO') {
      return { kind: 'unusable', problem: 'not a plain file' };
    }
    throw error;
  }
}

/** Tells whether a file is still the one that was read: another inode, size or change time says no. */
export function fileId(stats: { ino: number; size: number; mtimeMs: number; ctimeMs: number }): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}
