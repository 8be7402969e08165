import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { orNothing, systemErrorCode } from '../errors.ts';
import { makeFolder } from './make-folder.ts';

const KEY = /^[\w-]{32}$/;

/** A key of 192 bits that is kept nowhere. */
export function randomKey(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * The key in a file, in a folder that the guard hides from agents; made if there is none. If the file cannot be written, the
 * key is valid for this run only.
 */
export async function keptKey(path: string): Promise<string> {
  const kept = keyIn(path);
  if (kept !== undefined) return kept;
  const made = randomKey();
  const draft = `${path}.${process.pid}.${made.slice(0, 6)}`;
  try {
    makeFolder(dirname(path), 0o700);
    await writeFile(draft, `${made}\n`, { mode: 0o600, flag: 'wx' });
    // Another program may have made one just now: both use the first. Not every disk has links.
    await link(draft, path).catch(async () => {
      if (keyIn(path) === undefined) await rename(draft, path);
    });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
  return keyIn(path) ?? made;
}

function keyIn(path: string): string | undefined {
  const text = orNothing(() => readFileSync(path, 'utf8'))?.trim() ?? '';
  return KEY.test(text) ? text : undefined;
}
