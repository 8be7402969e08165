import type { GitOptions } from './git.ts';

const MAX_LIST_CHARS = 128 * 1024 * 1024;

/** For git calls that list names with a NUL behind each: whole, and a character for every byte. */
export function listing(options: GitOptions): GitOptions {
  return { ...options, maxChars: MAX_LIST_CHARS, encoding: 'latin1' };
}
