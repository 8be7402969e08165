import { parseJson } from '../../base/parse-json.ts';
import { type JsonMember, type JsonNode, jsonTree } from './json-tree.ts';

/**
 * Changes to a settings file of somebody else: what we put in or take out, and not one byte more. Comments, order,
 * indentation and line ends stay.
 */
export interface JsonEdit {
  text: string;
  /** How many objects and lists on the way were not there before: what an undo takes away again. */
  made: number;
}

/** @returns undefined when the text is no JSON object, or something else stands in the way */
export function addToJson(text: string, path: readonly string[], value: unknown): JsonEdit | undefined {
  const root = jsonTree(text);
  if (root?.kind !== 'object') return undefined;
  let node: JsonNode = root;
  for (const [depth, key] of path.entries()) {
    if (node.kind !== 'object') return undefined;
    const member: JsonMember | undefined = node.members.findLast((one) => one.key === key);
    if (member === undefined) {
      const rest = path.slice(depth + 1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
      return { text: insert(text, node, depth + 1, rest, key), made: path.length - depth };
    }
    node = member.value;
  }
  if (Array.isArray(value) && node.kind === 'array') {
    const items = value.filter((item) => !itemTexts(text, node).includes(JSON.stringify(item)));
    // From the last to the first would turn their order around: each is put behind the one before.
    const changed = items.reduce<string>((now, item) => appended(now, path, item), text);
    return { text: changed, made: 0 };
  }
  return {
    text: text.slice(0, node.start) + rendered(text, value, path.length) + text.slice(node.end),
    made: 0,
  };
}

/** The bytes of the value at `path`; undefined when there is none. */
export function textAt(text: string, path: readonly string[]): string | undefined {
  const node = nodeAt(text, path);
  return node && text.slice(node.start, node.end);
}

/** Puts a value, as it is to be written, in the place of the one at `path`. */
export function replaceAt(text: string, path: readonly string[], written: string): string {
  const node = nodeAt(text, path);
  return node ? text.slice(0, node.start) + written + text.slice(node.end) : text;
}

/** Sets a member whatever it was before; a list is replaced, not added to. */
export function setInJson(text: string, path: readonly string[], value: unknown): string {
  if (nodeAt(text, path) === undefined) return addToJson(text, path, value)?.text ?? text;
  return replaceAt(text, path, rendered(text, value, path.length));
}

/**
 * Takes a member, or items of a list, out again.
 * @param items of the list at `path`; absent: the member itself
 * @param made as it was given when it was added: that many now empty objects or lists go too
 */
export function removeFromJson(
  text: string,
  path: readonly string[],
  { items, made = 0 }: { items?: (item: unknown) => boolean; made?: number } = {},
): string {
  let changed = text;
  if (items !== undefined) {
    for (;;) {
      const list = nodeAt(changed, path);
      if (list?.kind !== 'array') return changed;
      // One with comments inside is no JSON: nothing of ours looks like that.
      const nth = list.items.findIndex(({ start, end }) => items(parseJson(changed.slice(start, end))));
      if (nth < 0) break;
      changed = cut(changed, list, list.items, nth);
    }
  } else {
    changed = removeMember(changed, path);
  }
  // The member itself is one of those that were made.
  let left = items === undefined ? made - 1 : made;
  for (let depth = items === undefined ? path.length - 1 : path.length; depth > 0 && left > 0; depth -= 1) {
    const node = nodeAt(changed, path.slice(0, depth));
    if (node === undefined || !isEmpty(node)) break;
    changed = removeMember(changed, path.slice(0, depth));
    left -= 1;
  }
  return changed;
}

function appended(text: string, path: readonly string[], item: unknown): string {
  const list = nodeAt(text, path);
  return list?.kind === 'array' ? insert(text, list, path.length + 1, item) : text;
}

function removeMember(text: string, path: readonly string[]): string {
  const parent = nodeAt(text, path.slice(0, -1));
  if (parent?.kind !== 'object') return text;
  const nth = parent.members.findIndex(({ key }) => key === path.at(-1));
  return nth < 0 ? text : cut(text, parent, parent.members.map(placeOf), nth);
}

function placeOf({ start, value }: { start: number; value: JsonNode }): { start: number; end: number } {
  return { start, end: value.end };
}

/** Removes one of the parts of an object or list, with what separates it from the part before or after. */
function cut(
  text: string,
  container: { start: number; end: number },
  parts: readonly { start: number; end: number }[],
  nth: number,
): string {
  const part = parts[nth];
  if (part === undefined) return text;
  const before = parts[nth - 1];
  const after = parts[nth + 1];
  if (before !== undefined) return text.slice(0, before.end) + text.slice(part.end);
  if (after !== undefined) return text.slice(0, part.start) + text.slice(after.start);
  return text.slice(0, container.start + 1) + text.slice(container.end - 1);
}

/** Puts a part at the end of an object (with a key) or a list. */
function insert(
  text: string,
  node: Exclude<JsonNode, { kind: 'plain' }>,
  depth: number,
  value: unknown,
  key?: string,
): string {
  const { newline, unit } = styleOf(text);
  const part = (key === undefined ? '' : `${JSON.stringify(key)}: `) + rendered(text, value, depth);
  const last = (node.kind === 'object' ? node.members.map(placeOf) : node.items).at(-1);
  if (last === undefined) {
    const inside = `${newline}${unit.repeat(depth)}${part}${newline}${unit.repeat(depth - 1)}`;
    return text.slice(0, node.start + 1) + inside + text.slice(node.end - 1);
  }
  // The neighbours' own way of parting lines, or staying on one.
  const isOnOneLine = !text.slice(node.start, last.end).includes('\n');
  const gap = isOnOneLine ? ' ' : `${newline}${unit.repeat(depth)}`;
  return `${text.slice(0, last.end)},${gap}${part}${text.slice(last.end)}`;
}

function rendered(text: string, value: unknown, depth: number): string {
  const { newline, unit } = styleOf(text);
  return JSON.stringify(value, undefined, unit).replaceAll('\n', newline + unit.repeat(depth));
}

function styleOf(text: string): { newline: string; unit: string } {
  const first = /(\r?\n)([ \t]+)\S/.exec(text);
  return { newline: first?.[1] ?? '\n', unit: first?.[2] ?? '  ' };
}

function nodeAt(text: string, path: readonly string[]): JsonNode | undefined {
  let node = jsonTree(text);
  for (const key of path) {
    if (node?.kind !== 'object') return undefined;
    node = node.members.findLast((member) => member.key === key)?.value;
  }
  return node;
}

function isEmpty(node: JsonNode): boolean {
  if (node.kind === 'plain') return false;
  return (node.kind === 'object' ? node.members : node.items).length === 0;
}

function itemTexts(text: string, list: { items: readonly JsonNode[] }): string[] {
  return list.items.map(({ start, end }) => text.slice(start, end));
}
