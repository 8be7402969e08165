import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';

/** Whether a TOML text has the table; undefined for a text that is no TOML. */
export function hasTable(text: string, at: readonly [string, string]): boolean | undefined {
  const root = tomlValue(text);
  return root && tableIn(root, at) !== undefined;
}

/**
 * Cuts a table with its header and the tables below it out of a TOML text and leaves every other byte as it is.
 * @returns undefined when it is written in another way than Codex writes it, such as inline
 */
export function withoutTable(text: string, at: readonly [string, string]): string | undefined {
  const root = tomlValue(text);
  if (root === undefined) return undefined;
  const name = at.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join('.');
  const isOurs = (section = '') => section.startsWith(`[${name}]`) || section.startsWith(`[${name}.`);
  // Blank lines and comments before the next header are the next one's; a blank line before our header is ours.
  const sections = text.split(/(?<=\n)(?=(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*\[)/);
  const isKept = (section: string, index: number) =>
    !isOurs(section) && !(section.trim() === '' && isOurs(sections[index + 1]));
  const left = sections.filter(isKept).join('');
  return isDeepStrictEqual(tomlValue(left), withoutIt(root, at)) ? left : undefined;
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
