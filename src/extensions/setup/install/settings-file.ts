import { readFile, realpath } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  applyEdits,
  type FormattingOptions,
  findNodeAtLocation,
  type JSONPath,
  modify,
  parseTree,
} from 'jsonc-parser';
import { parse, TomlError } from 'smol-toml';
import { ifExists } from '../../../core/kernel/errors.ts';
import { changeFile } from '../../../core/kernel/files/change-file.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { isMembers, jsonValue, valueAt } from './json-member.ts';

type Settings = Record<string, unknown>;

/** The settings in the text of a `.toml` or JSON file; undefined for a text in another format. */
export function parseSettingsFile(path: string, text: string): Settings | undefined {
  const value = isToml(path) ? tomlValue(text) : jsonValue(text);
  return isMembers(value) ? value : undefined;
}

/**
 * Changes one member of a JSON file, or removes tables of a TOML file. Every other setting stays, and every
 * comment on a separate line.
 * @param change its new value, from the one that is there; undefined removes it, and with it what becomes empty
 * @param keepParents keeps objects that become empty, for a file whose owner expects them
 */
export async function changeMember(
  path: string,
  at: readonly string[],
  change: (there: unknown) => unknown,
  keepParents = false,
): Promise<void> {
  await changeText(path, (text) => {
    const settings = parseSettingsFile(path, text);
    if (settings === undefined || !hasPlace(settings, at)) return undefined;
    const there = valueAt(settings, at);
    const value = change(there);
    if (value === there) return text;
    const place = value === undefined && !keepParents ? emptiedWith(settings, at) : at;
    const changed = isToml(path) ? withoutTables(text, place) : withValue(text, place, { there, value });
    setMember(settings, place, value);
    // Of a member that is there twice, the first was changed, and the last counts.
    return isDeepStrictEqual(parseSettingsFile(path, changed), settings) ? changed : undefined;
  });
}

/** Whether only objects are on the path. */
function hasPlace(settings: Settings, at: readonly string[]): boolean {
  return at.every((_, depth) => isMembers(valueAt(settings, at.slice(0, depth)) ?? {}));
}

/** The outermost place that has nothing but this member. */
function emptiedWith(settings: Settings, at: readonly string[]): readonly string[] {
  const parent = at.slice(0, -1);
  const isAlone = parent.length > 0 && Object.keys(Object(valueAt(settings, parent))).length === 1;
  return isAlone ? emptiedWith(settings, parent) : at;
}

function setMember(settings: Settings, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    settings[key] ??= {};
    setMember(Object(settings[key]), rest, value);
  } else if (value === undefined) delete settings[key];
  else settings[key] = value;
}

/** Removes the tables at a place, each from its header to the next, with the empty lines before it. */
function withoutTables(text: string, place: readonly string[]): string {
  const hasCrlf = text.includes('\r\n') && !/(?<!\r)\n/.test(text);
  if (hasCrlf) return withoutTables(text.replaceAll('\r\n', '\n'), place).replaceAll('\n', '\r\n');
  const tables = text.split(/(?<=\S[^\S\n]*)(?=\n\s*\[)/).map((table) => {
    const [header = ''] = table.trim().split('\n', 1);
    if (!header.startsWith('[') || valueAt(tomlValue(header.trim()), place) === undefined) return table;
    return (table.match(/^[^\S\n]*#.*/gm) ?? []).map((comment) => `\n${comment}`).join('');
  });
  return tables
    .join('')
    .replace(/^\s*\n/, '')
    .replace(/\S$/, '$&\n');
}

/** Items of a list are added and removed one by one, so that the comments between them stay. */
function withValue(
  text: string,
  place: readonly string[],
  { there, value }: { there: unknown; value: unknown },
): string {
  // What is removed needs no formatting, which would change the lines around it.
  if (value === undefined)
    return onOneLine(applyEdits(text, modify(text, [...place], value, {})), place.slice(0, -1));
  const formattingOptions = formattingOf(text);
  const edited = (before: string, at: JSONPath, item: unknown) =>
    applyEdits(before, modify(before, at, item, { ...(formattingOptions && { formattingOptions }) }));
  if (!Array.isArray(there) || !Array.isArray(value)) return edited(text, [...place], value);
  const gone = there.flatMap((item, index) => (value.includes(item) ? [] : [index])).reverse();
  const left = gone.reduce((before, index) => withoutItem(before, place, index), text);
  const added = value.filter((item) => !there.includes(item));
  return added.reduce((before: string, item) => edited(before, [...place, -1], item), left);
}

/** Writes an object that has become empty as `{}`. */
function onOneLine(text: string, place: readonly string[]): string {
  const root = parseTree(text);
  const { offset = 0, length = 0 } = (root && findNodeAtLocation(root, [...place])) ?? {};
  const end = offset + length;
  return /^\{\s+\}$/.test(text.slice(offset, end)) ? `${text.slice(0, offset)}{}${text.slice(end)}` : text;
}

/** Not by `modify`, which breaks a list on one line. */
function withoutItem(text: string, place: readonly string[], index: number): string {
  const root = parseTree(text);
  const items = (root && findNodeAtLocation(root, [...place])?.children) ?? [];
  const [before, item, after] = [items[index - 1], items[index], items[index + 1]];
  if (item === undefined) return text;
  const end = item.offset + item.length;
  return before === undefined
    ? text.slice(0, item.offset) + text.slice(after?.offset ?? end)
    : text.slice(0, before.offset + before.length) + text.slice(end);
}

/** @returns undefined for a text on one line, all of which would be formatted */
function formattingOf(text: string): FormattingOptions | undefined {
  if (/^\S.+$/.test(text.trim()) && text.trim() !== '{}') return undefined;
  const [, indent = '  '] = /\n([ \t]+)\S/.exec(text) ?? [];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.length, eol };
}

/** Changes the text of a settings file, following a link; never creates one. */
export async function changeText(path: string, change: (text: string) => string | undefined): Promise<void> {
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

function isToml(path: string): boolean {
  return path.endsWith('.toml');
}

function tomlValue(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}
