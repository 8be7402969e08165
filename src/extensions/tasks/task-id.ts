import { createHmac, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { configFolder } from '../../core/kernel/config-folder.ts';
import { fingerprint } from '../../core/kernel/files/fingerprint.ts';
import { keptKey } from '../../core/kernel/files/kept-key.ts';

/** What a task follows. Its id says all of it, so nothing is stored for a task. */
export interface TaskWatch {
  /** A session folder, or the name of a group. */
  name: string;
  isGroup: boolean;
  until: 'attention' | 'done' | 'merged';
  /** What the caller has seen of its sessions. */
  cursor: string;
  /** `placeDigest` the run folder of the session, or the SESSIONS folder of the group. */
  place: string;
}

/** Identifies a folder in an id. */
export function placeDigest(path: string): string {
  return fingerprint(path).slice(0, 8);
}

/** The longest that clients take. */
const MAX_CHARS = 1024;
const UNTIL = { a: 'attention', d: 'done', m: 'merged' } as const;

/** `<session or group>.<what it waits for, and cursor>.<place><MAC>`; undefined if that is too long. */
export function taskId(watch: TaskWatch, key: string): string | undefined {
  const letter = Object.entries(UNTIL).find(([, until]) => until === watch.until)?.[0];
  const said = [
    encodeURIComponent(watch.name).replaceAll('.', '%2E'),
    `${watch.isGroup ? 'g' : 's'}${letter}${watch.cursor}`,
    watch.place,
  ].join('.');
  const id = `${said}${mac(said, key)}`;
  return id.length > MAX_CHARS ? undefined : id;
}

/** The watch that an id names; undefined if it was not given out with this key. */
export function watchOf(id: string, key: string): TaskWatch | undefined {
  const [said, given] = [id.slice(0, -MAC_CHARS), id.slice(-MAC_CHARS)];
  if (id.length > MAX_CHARS || !isSame(given, mac(said, key))) return undefined;
  const [name = '', how = '', place = ''] = said.split('.');
  const [kind, until, cursor] = [how.slice(0, 1), how.slice(1, 2), how.slice(2)];
  return {
    name: decodeURIComponent(name),
    isGroup: kind === 'g',
    // Whoever made the MAC chose the letter.
    until: UNTIL[until as keyof typeof UNTIL],
    cursor,
    place,
  };
}

function isSame(given: string, made: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(made)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const MAC_CHARS = 22;

/** 128 bits, so that an id cannot be guessed. */
function mac(said: string, key: string): string {
  return createHmac('sha256', key).update(said).digest('base64url').slice(0, MAC_CHARS);
}

/** The key of this user's task ids. */
export async function taskKey(home: string): Promise<string> {
  return await keptKey(join(configFolder(home), 'task-key'));
}
