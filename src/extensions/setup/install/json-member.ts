import { isDeepStrictEqual } from 'node:util';
import {
  applyEdits,
  findNodeAtLocation,
  type JSONPath,
  modify,
  type Node,
  type ParseError,
  parse,
  parseTree,
  stripComments,
} from 'jsonc-parser';

/** The value of JSON that can have comments and trailing commas; undefined for any other text. */
export function jsonValue(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  return errors.length === 0 ? value : undefined;
}

export function valueAt(value: unknown, at: JSONPath): unknown {
  return at.reduce<unknown>((node, key) => Object(node)[key], value);
}

/** @returns undefined when the text is not a JSON object, or another value occupies the path */
export function withMember(text: string, at: readonly string[], value: unknown): string | undefined {
  const changed = edited(text, [...at], value);
  return changed !== undefined && isDeepStrictEqual(valueAt(jsonValue(changed), [...at]), value)
    ? changed
    : undefined;
}

/** Adds the items missing from a list, creating the list if needed. */
export function withItems(
  text: string,
  at: readonly string[],
  items: readonly unknown[],
): string | undefined {
  const there = valueAt(jsonValue(text), [...at]);
  if (there === undefined) return withMember(text, at, items);
  if (!Array.isArray(there)) return undefined;
  return items
    .filter((item) => !there.includes(item))
    .reduce<string | undefined>(
      (now, item, index) => now && edited(now, [...at, there.length + index], item),
      text,
    );
}

/**
 * Removes a member, and its parent objects if they become empty.
 * @param keepParents keeps empty parents, for a file whose owner expects them
 */
export function withoutMember(
  text: string,
  at: JSONPath,
  { keepParents = false }: { keepParents?: boolean | undefined } = {},
): string {
  const left = cutAt(text, at);
  const parent = at.slice(0, -1);
  const isPruned = left !== text && !keepParents && parent.length > 0 && isBare(left, parent);
  return isPruned ? withoutMember(left, parent) : left;
}

/** Removes items from a list, and the list if it becomes empty. */
export function withoutItems(
  text: string,
  at: readonly string[],
  { isOurs, keepParents = false }: { isOurs: (item: unknown) => boolean; keepParents?: boolean },
): string {
  const list = valueAt(jsonValue(text), [...at]);
  const index = Array.isArray(list) ? list.findIndex(isOurs) : -1;
  if (index < 0) return text;
  const left = cutAt(text, [...at, index]);
  return isBare(left, [...at])
    ? withoutMember(left, [...at], { keepParents })
    : withoutItems(left, at, { isOurs, keepParents });
}

// The library formats whole lines. If that would change what a person wrote next to our part, our part is inserted
// unformatted, on one line.
function edited(text: string, at: JSONPath, value: unknown): string | undefined {
  const root = jsonValue(text);
  if (typeof root !== 'object' || root === null) return undefined;
  const [, eol = '\n', unit = '  '] = /(\r?\n)([ \t]+)\S/.exec(text) ?? [];
  const formattingOptions = { eol, insertSpaces: !unit.includes('\t'), tabSize: unit.length };
  try {
    const formatted = applyEdits(text, modify(text, at, value, { formattingOptions }));
    const isExact = withoutMember(formatted, at) === withoutMember(text, at);
    return isExact ? formatted : applyEdits(text, modify(text, at, value, {}));
  } catch (error) {
    // The library throws for a path that leads through a string or a list.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function nodeAt(text: string, at: JSONPath): Node | undefined {
  const root = parseTree(text, [], { allowTrailingComma: true });
  return root && findNodeAtLocation(root, at);
}

/** Removes a member or an item with one comma. The library's own removal also removes adjacent comments. */
function cutAt(text: string, at: JSONPath): string {
  const found = nodeAt(text, at);
  const part = found?.parent?.type === 'property' ? found.parent : found;
  if (part?.parent?.children === undefined) return text;
  const { offset, length, children } = part.parent;
  const before = children[children.indexOf(part) - 1];
  const after = children[children.indexOf(part) + 1];
  const start = before ? endOf(before) : offset + 1;
  const end = before ? endOf(part) : (after?.offset ?? offset + length - 1);
  const kept = commentsOf(text.slice(start, part.offset)) + commentsOf(text.slice(endOf(part), end));
  const rest = text.slice(end);
  // Also removes the indentation of a deleted line.
  return text.slice(0, start) + (/^[ \t]*\r?\n/.test(rest) ? kept.trimEnd() : kept) + rest;
}

/** The text between two members, without its comma; empty if it contains no comment. */
function commentsOf(gap: string): string {
  const bare = stripComments(gap, ' ');
  if (bare === gap) return '';
  const comma = bare.indexOf(',');
  return comma < 0 ? gap : gap.slice(0, comma) + gap.slice(comma + 1);
}

function isBare(text: string, at: JSONPath): boolean {
  const node = nodeAt(text, at);
  return node !== undefined && /^.\s*.$/.test(text.slice(node.offset, endOf(node)));
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}
