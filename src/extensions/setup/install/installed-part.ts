import { lstat, readFile, realpath, rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';
import { ifExists } from '../../../core/kernel/errors.ts';
import { changeFile } from '../../../core/kernel/files/change-file.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { jsonValue, valueAt, withoutItems, withoutMember } from './json-member.ts';

/** Something `install` might have written; `uninstall` looks for it even if the client is not installed. */
export interface InstalledPart {
  /** Where it is, for people. */
  words: string;
  isFolder: boolean;
  /** @throws a system error */
  isThere(): Promise<boolean>;
  /** Removes it and keeps every other byte of its file. */
  remove(): Promise<void>;
}

export function folderPart(path: string): InstalledPart {
  return {
    words: path,
    isFolder: true,
    isThere: async () => (await ifExists(lstat(path))) !== undefined,
    remove: async () => await rm(path, { recursive: true, force: true }),
  };
}

type At = readonly string[];

export function memberPart(
  path: string,
  at: At,
  options: { isOurs?: (value: unknown) => boolean; keepParents?: boolean | undefined } = {},
): InstalledPart {
  const { isOurs = () => true, keepParents } = options;
  const has = (value: unknown) => value !== undefined && isOurs(value);
  return jsonPart(path, at, has, (text) => withoutMember(text, [...at], { keepParents }));
}

/** Our items in a list of a JSON file. */
export function itemsPart(
  path: string,
  at: At,
  options: { isOurs: (item: unknown) => boolean; keepParents?: boolean },
): InstalledPart {
  const has = (value: unknown) => Array.isArray(value) && value.some(options.isOurs);
  return jsonPart(path, at, has, (text) => withoutItems(text, at, options));
}

function jsonPart(
  path: string,
  at: At,
  has: (value: unknown) => boolean,
  without: (text: string) => string,
): InstalledPart {
  return filePart(path, at, {
    has(text) {
      const root = jsonValue(text);
      return root === undefined ? undefined : has(valueAt(root, [...at]));
    },
    without: (text) => (jsonValue(text) === undefined ? undefined : without(text)),
  });
}

export function tablePart(path: string, at: readonly [string, string]): InstalledPart {
  const has = (text: string) => hasTable(text, at);
  return filePart(path, at, { has, without: (text) => withoutTable(text, at) });
}

/** Both functions return undefined for text that is not in the client's format. */
interface Removal {
  has(text: string): boolean | undefined;
  without(text: string): string | undefined;
}

function filePart(path: string, at: At, { has, without }: Removal): InstalledPart {
  return {
    words: `${path}, at ${at.join('.')}`,
    isFolder: false,
    async isThere() {
      const text = await ifExists(readFile(path, 'utf8'));
      // In a file that cannot be parsed, any line that is not a comment might contain the part.
      return text !== undefined && (has(text) ?? /^(?!\s*(?:#|\/\/)).*samocode/m.test(text));
    },
    remove: async () => await changeSettings(path, without),
  };
}

/** Changes a settings file, following a link; never creates one. */
export async function changeSettings(
  path: string,
  change: (text: string) => string | undefined,
): Promise<void> {
  let isRefused = false;
  // Fails for a folder, which changeFile would quarantine.
  await readFile(path);
  await changeFile((await ifExists(realpath(path))) ?? path, (text = '') => {
    const changed = change(text);
    isRefused = changed === undefined;
    return changed ?? text;
  });
  if (isRefused) throw INSTALL_ERRORS.settings_file_unreadable({ path });
}

/** A table's name as written in its TOML header. */
export function tableName(at: readonly string[]): string {
  return at.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join('.');
}

/** Whether a TOML text has the table; undefined for invalid TOML. */
export function hasTable(text: string, at: readonly [string, string]): boolean | undefined {
  const root = tomlValue(text);
  return root && Object(root[at[0]])[at[1]] !== undefined;
}

/**
 * Removes a table with its header and the tables below it from a TOML text and keeps every other byte.
 * @returns undefined when the table has a form that Codex does not write, such as an inline table
 */
export function withoutTable(text: string, at: readonly [string, string]): string | undefined {
  const root = tomlValue(text);
  if (root === undefined) return undefined;
  const name = tableName(at);
  const isOurs = (section = '') => section.startsWith(`[${name}]`) || section.startsWith(`[${name}.`);
  // Blank lines and comments before the next header belong to it; a blank line before our header is ours.
  const sections = text.split(/(?<=\n)(?=(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*\[)/);
  const isKept = (section: string, index: number) =>
    !isOurs(section) && !(section.trim() === '' && isOurs(sections[index + 1]));
  const left = sections.filter(isKept).join('');
  return isDeepStrictEqual(tomlValue(left), withoutKey(root, at)) ? left : undefined;
}

function withoutKey(root: Record<string, unknown>, [parent, name]: readonly [string, string]): unknown {
  const tables = Object(root[parent]);
  delete tables[name];
  if (Object.keys(tables).length === 0) delete root[parent];
  return root;
}

function tomlValue(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}
