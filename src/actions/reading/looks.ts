import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configFolder } from '../../base/config-folder.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { plainText } from '../../base/files/plain-file.ts';

const MAX_BYTES = 200;

/** The commit that a person at this machine has last seen of a session; undefined before they looked. */
export async function seenCommit(home: string, sessionId: string): Promise<string | undefined> {
  const text = await plainText(lookPath(home, sessionId), MAX_BYTES);
  return /^[0-9a-f]{40,64}\n$/.test(text ?? '') ? text?.trim() : undefined;
}

export async function rememberSeen(home: string, sessionId: string, commit: string): Promise<void> {
  const path = lookPath(home, sessionId);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeWhole(path, `${commit}\n`);
}

function lookPath(home: string, sessionId: string): string {
  return join(configFolder(home), 'looks', sessionId.replace(/\W/g, '_'));
}
