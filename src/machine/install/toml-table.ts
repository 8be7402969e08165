import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';

/** Whether a TOML text has the table; undefined for a text that is no TOML. */
export function hasTable(text: string, at: readonly [string, string]): boolean | undefined {
  const root = tomlValue(text);
  return root && tableIn(root, at) !== undefined;
}

/**
 * Cuts a table with its header out of a TOML text and leaves every other byte as it is.
 * @returns undefined when it is written in a way that cannot be cut, such as inline
 */
export function withoutTable(text: string, at: readonly [string, string]): string | undefined {
  const root = tomlValue(text);
  if (root === undefined) return undefined;
  const lines = text.split(/(?<=\n)/);
  const headers = lines.map(headerAt);
  const kept: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const header = headers[index];
    if (header === undefined || !isDeepStrictEqual(header.slice(0, 2), [...at])) {
      kept.push(lines[index] ?? '');
      continue;
    }
    // The blank line that Codex puts before a table is the table's.
    if (/^\s*$/.test(kept.at(-1) ?? 'x')) kept.pop();
    index = lastLineOf(lines, headers, index);
  }
  const left = kept.join('');
  return isDeepStrictEqual(tomlValue(left), withoutIt(root, at)) ? left : undefined;
}

/** The last line of a table that says something: blank lines and comments before the next header are the next one's. */
function lastLineOf(lines: readonly string[], headers: readonly unknown[], start: number): number {
  const next = headers.findIndex((header, index) => index > start && header !== undefined);
  let last = (next < 0 ? lines.length : next) - 1;
  while (last > start && /^\s*(?:#.*)?$/.test((lines[last] ?? '').trimEnd())) last -= 1;
  return last;
}

function headerAt(line: string): string[] | undefined {
  if (!/^\s*\[/.test(line)) return undefined;
  let table: unknown = tomlValue(line);
  if (table === undefined) return undefined;
  const keys: string[] = [];
  while (typeof table === 'object' && table !== null && Object.keys(table).length === 1) {
    const [key = ''] = Object.keys(table);
    keys.push(key);
    table = Object(table)[key];
  }
  return keys;
}

function withoutIt(root: Record<string, unknown>, [parent, name]: readonly [string, string]): unknown {
  const tables = Object(root[parent]);
  delete tables[name];
  if (Object.keys(tables).length === 0) delete root[parent];
  return root;
}

function tableIn(root: Record<string, unknown>, [parent, name]: readonly [string, string]): unknown {
  return Object(root[parent])[name];
}

function tomlValue(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}
