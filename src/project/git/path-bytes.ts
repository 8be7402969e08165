import { Buffer } from 'node:buffer';
import { sep } from 'node:path';
import type { GitOptions } from './git.ts';

// Names as git lists and takes them: a latin1 character for every byte, since a name need not be text.

/** The path of such a name below a folder, for the file system. */
export function pathAt(folder: string, name: string): string | Buffer {
  // Most names are plain, and a string costs a third of a buffer.
  if (PLAIN.test(name)) return `${folder}${sep}${name}`;
  return Buffer.concat([Buffer.from(`${folder}${sep}`), bytesOf(name)]);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, and nothing else
const PLAIN = /^[\x01-\x7f]*$/;

/** For people; bytes that are no text are replaced. */
export function readable(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** Other way round, for a path that came as text. */
export function nameOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function bytesOf(names: string): Buffer {
  return Buffer.from(names, 'latin1');
}

/** Names behind each of which stands a NUL. */
export function namesIn(list: string): string[] {
  return list.split('\0').filter(Boolean);
}

const MAX_LIST_CHARS = 128 * 1024 * 1024;

/** For git calls that list names with a NUL behind each: whole, and a character for every byte. */
export function listing(options: GitOptions): GitOptions {
  return { ...options, maxChars: MAX_LIST_CHARS, encoding: 'latin1' };
}
