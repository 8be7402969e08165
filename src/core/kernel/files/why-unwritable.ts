import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifExists, systemErrorCode } from '../errors.ts';

/**
 * Returns the reason why no file can be written into a folder, or why it can't be created; undefined when it can.
 * Writes nothing.
 */
export async function whyUnwritable(folder: string): Promise<string | undefined> {
  try {
    const stats = await ifExists(stat(folder));
    if (stats === undefined) return await whyUnwritable(dirname(folder));
    if (!stats.isDirectory()) return `${folder} is not a folder`;
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return `${folder} cannot be written (${systemErrorCode(error) ?? 'unknown reason'})`;
  }
}
