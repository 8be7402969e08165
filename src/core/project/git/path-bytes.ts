import { Buffer } from 'node:buffer';
import { sep } from 'node:path';
import type { GitOptions } from './git.ts';

// Names in git's input and output: one latin1 character for every byte, since a name need not be text.

/** The file system path of such a name below a folder. */
export function pathAt(folder: string, name: string): string | Buffer {
  // Most names are ASCII, and a string costs a third as much as a buffer.
  if (PLAIN.test(name)) return `${folder}${sep}${name}`;
  return Buffer.concat([Buffer.from(`${folder}${sep}`), rawBytes(name)]);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, and nothing else
const PLAIN = /^[\x01-\x7f]*$/;

/** Such a name as shown to people; invalid UTF-8 is replaced. */
export function readable(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

export function rawBytes(names: string): Buffer {
  return Buffer.from(names, 'latin1');
}

export function namesIn(list: string): string[] {
  return list.split('\0').filter(Boolean);
}

const MAX_LIST_CHARS = 128 * 1024 * 1024;

/** Options for git calls with `-z` output: complete, one character for every byte. */
export function listing(options: GitOptions): GitOptions {
  return { ...options, maxChars: MAX_LIST_CHARS, encoding: 'latin1' };
}
