import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SETTING_ERRORS } from './setting-errors.ts';

export interface FileEntry {
  key: string;
  value: string;
  line: number;
}

export interface FileWarning {
  /** Counted from 1; absent if the warning concerns no single line. */
  line?: number;
  text: string;
}

export interface SamocodeFileReading {
  /** In the order of the file; one entry per key. */
  entries: readonly FileEntry[];
  warnings: readonly FileWarning[];
}

/** Whether a project's `.samocode` currently sets an on/off setting to `value`; false if the file is unreadable. */
export async function isSetNow(configPath: string, key: string, value: 'on' | 'off'): Promise<boolean> {
  return (await writtenNow(configPath, key))?.toLowerCase() === value;
}

/** A setting as currently written in a project's `.samocode`. */
export async function writtenNow(configPath: string, key: string): Promise<string | undefined> {
  return valueIn(await readFile(configPath, 'utf8').catch(() => ''), key);
}

export function valueIn(text: string, key: string): string | undefined {
  return parseSamocodeFile(text).entries.find((entry) => entry.key === key)?.value;
}

/** The form of a key; anything else before `=` is a mistake, usually a sentence. */
const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Parses a `.samocode` file. The first `=` separates key from value; spaces around both and paired quotes are removed;
 * `#` starts a comment only at the start of a line. Never throws: malformed lines become warnings.
 */
export function parseSamocodeFile(text: string): SamocodeFileReading {
  const entries = new Map<string, FileEntry>();
  const warnings: FileWarning[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const split = content.indexOf('=');
    const key = content.slice(0, split).trim();
    if (split < 0 || !KEY.test(key)) {
      warnings.push({ line, text: `Line ${line} is not KEY=VALUE and was ignored.` });
      continue;
    }
    const earlier = entries.get(key);
    if (earlier) {
      warnings.push({ line, text: `${key} is set twice: line ${line} overrides line ${earlier.line}.` });
      entries.delete(key);
    }
    entries.set(key, { key, value: withoutQuotes(content.slice(split + 1).trim()), line });
  }
  return { entries: [...entries.values()], warnings };
}

/**
 * A value as an absolute path: `~` is the home folder, nothing else is expanded, and relative paths start from the
 * file's folder.
 */
export function pathFromFile(
  value: string,
  { folder, homeDir }: { folder: string; homeDir: string },
): string {
  if (value === '~') return resolve(homeDir);
  if (value.startsWith('~/')) return resolve(homeDir, value.slice(2));
  return resolve(folder, value);
}

/** One line that parses back to `key` and `value`. */
export function samocodeLine(key: string, value: string): string {
  if (!KEY.test(key)) throw new RangeError(`${key} is not a valid key.`);
  if (/[\r\n]/.test(value)) throw SETTING_ERRORS.not_one_line({ key });
  const bare = value === value.trim() && withoutQuotes(value) === value;
  return `${key}=${bare ? value : `"${value}"`}`;
}

function withoutQuotes(value: string): string {
  const quote = value[0];
  const paired = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote);
  return paired ? value.slice(1, -1) : value;
}
