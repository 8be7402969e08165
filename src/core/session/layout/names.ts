import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { SESSION_ERRORS } from './session-errors.ts';

const MAX_SLUG = 40;
const MAX_NAME = 60;
const DATE = /^\d{2}-\d{2}-\d{2}-/;

/** A name made of the first whole words of a task, at most 40 characters; `session` if it has no words. */
export function sessionSlug(task: string): string {
  return slugOf(task, MAX_SLUG) || 'session';
}

/**
 * Normalizes the name that a person chose for a new session or group: lower-case words, digits and hyphens; spaces
 * become hyphens.
 */
export function normalizeNewName(what: 'session' | 'group', given: string): string {
  const name = given.trim().toLowerCase().normalize('NFC').replace(/\s+/gu, '-');
  const isName = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u.test(name);
  if (!isName || [...name].length > MAX_NAME) {
    const better = slugOf(given, MAX_SLUG);
    throw SESSION_ERRORS[`bad_${what}_name`]({ given, better, most: MAX_NAME });
  }
  return name;
}

/**
 * Whether a name can be that of a session folder: old ones have capitals, dots and underscores, but none is hidden, the
 * archive or a path out of SESSIONS.
 */
export function isFolderName(name: string): boolean {
  const invalid = /^\.|[/\\]|\p{Cc}/u;
  return name !== '' && name.length <= 255 && name !== '_archive' && !invalid.test(name);
}

/**
 * The session folder that a name refers to: the folder of that name, or else the newest whose name is a date followed
 * by exactly that name. A suffix does not match: `auth` never opens `26-01-08-jwt-auth`.
 */
export function resolveSessionFolder(folders: readonly string[], name: string): string | undefined {
  const known = folders.filter(isFolderName);
  const wanted = name.trim();
  if (known.includes(wanted)) return wanted;
  const named = (plain: string) =>
    known
      .filter((folder) => folder !== plain && nameWithoutDate(folder) === plain)
      .sort()
      .at(-1);
  // The second try normalizes the name as for a new session.
  return named(wanted) ?? named(wanted.toLowerCase().replace(/\s+/gu, '-'));
}

/**
 * The session folders that an incomplete name can refer to: the one with that short id, or else all whose name starts
 * with it, the newest of each name.
 */
export function matchFolders(folders: readonly string[], typed: string): string[] {
  const known = folders.filter(isFolderName);
  const wanted = typed.trim().toLowerCase().replace(/\s+/gu, '-');
  const byId = foldersOfId(known, wanted);
  if (byId.length > 0) return byId;
  // A single letter is more likely a typo than a name.
  if ([...wanted].length < 2) return [];
  const begins = (name: string) => name.toLowerCase().startsWith(wanted);
  const names = new Set(known.map(nameWithoutDate).filter(begins));
  const newest = [...names].flatMap((name) => resolveSessionFolder(known, name) ?? []);
  return [...new Set([...newest, ...known.filter(begins)])].sort();
}

export function foldersOfId(folders: readonly string[], typed: string): string[] {
  const id = typed.trim().toLowerCase();
  return folders.filter((folder) => isFolderName(folder) && shortId(folder) === id);
}

/** Five characters that identify a session folder in lists, derived from its name. */
export function shortId(folder: string): string {
  return fingerprint(folder).slice(0, 5);
}

/** Names a session in git's refs: two projects on one repository can have folders of the same name. */
export function refNameOf({ folder, id }: { folder: string; id: string }): string {
  return `${folder}-${id.toLowerCase()}`;
}

/**
 * The name by which a person refers to a session: its name without the date if that is short, otherwise its short
 * id.
 */
export function handleOf(folder: string): string {
  const name = nameWithoutDate(folder);
  return /^[a-z\d-]{1,24}$/.test(name) ? name : shortId(folder);
}

/** `jwt-auth` for `26-01-08-jwt-auth`; a folder without a date is returned unchanged. */
export function nameWithoutDate(folder: string): string {
  return folder.replace(DATE, '');
}

/** `26-01-08` for `26-01-08-jwt-auth`; empty for a folder without a date. */
export function dateOf(folder: string): string {
  return DATE.exec(folder)?.[0].slice(0, -1) ?? '';
}

/**
 * Converts a text to lower-case words, digits and hyphens, cut between words; empty if it has no words.
 * @param maxLength in characters
 */
function slugOf(text: string, maxLength: number): string {
  // Accents of Latin letters are dropped: "é" becomes "e". In other scripts a mark makes another letter, as in "ド".
  const plain = text
    .slice(0, 4000)
    .normalize('NFKD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .toLowerCase()
    .normalize('NFC');
  const words = plain.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? [];
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? word : `${slug}-${word}`;
    if ([...longer].length > maxLength) break;
    slug = longer;
  }
  return slug === '' ? [...(words[0] ?? '')].slice(0, maxLength).join('') : slug;
}
