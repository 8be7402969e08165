import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.ts';

/**
 * Makes a folder and whichever are missing above it. Node's own recursive form reports a full or read-only disk as
 * ENOENT, which no caller retries.
 * @param mode of each folder that is made
 * @returns the uppermost folder that was missing, or undefined
 * @throws what the system says
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  let above: string | undefined;
  try {
    return isMade(path, mode) ? path : undefined;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    above = makeFolder(dirname(path), mode);
  }
  return isMade(path, mode) ? (above ?? path) : above;
}

/** @returns whether it was missing */
function isMade(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}
