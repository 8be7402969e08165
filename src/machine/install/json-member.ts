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

/** The value of JSON that may have comments and trailing commas; undefined for any other text. */
export function jsonValue(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  return errors.length === 0 ? value : undefined;
}

export function valueAt(value: unknown, at: JSONPath): unknown {
  return at.reduce<unknown>((node, key) => Object(node)[key], value);
}

/** @returns undefined when the text is no JSON object, or something else is in the way */
export function withMember(text: string, at: readonly string[], value: unknown): string | undefined {
  const changed = edited(text, [...at], value);
  return changed !== undefined && isDeepStrictEqual(valueAt(jsonValue(changed), [...at]), value)
    ? changed
    : undefined;
}

/** Adds the items that a list does not have, and the list where there is none. */
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
 * Takes a member out, and the objects around it that are empty then.
 * @param keepAround the objects around it stay, as in a register that its owner reads
 */
export function withoutMember(text: string, at: JSONPath, { keepAround = false } = {}): string {
  const left = cutAt(text, at);
  if (left === text) return text;
  // A key that is written twice.
  if (typeof at.at(-1) === 'string' && nodeAt(left, at)) return withoutMember(left, at, { keepAround });
  const around = at.slice(0, -1);
  const container = nodeAt(left, around);
  return keepAround || around.length === 0 || !container || !isBare(left, container)
    ? left
    : withoutMember(left, around);
}

/** Takes items out of a list, and the list when it is empty then. */
export function withoutItems(
  text: string,
  at: readonly string[],
  { isOurs, keepAround = false }: { isOurs: (item: unknown) => boolean; keepAround?: boolean },
): string {
  const list = valueAt(jsonValue(text), [...at]);
  const index = Array.isArray(list) ? list.findIndex(isOurs) : -1;
  if (index < 0) return text;
  const left = cutAt(text, [...at, index]);
  const node = nodeAt(left, [...at]);
  if (node && isBare(left, node)) return withoutMember(left, [...at], { keepAround });
  return withoutItems(left, at, { isOurs, keepAround });
}

// The parser's formatter works on whole lines. Where that would change what a person wrote beside our part, our part
// is written without it, on one line.
function edited(text: string, at: JSONPath, value: unknown): string | undefined {
  const root = jsonValue(text);
  if (typeof root !== 'object' || root === null) return undefined;
  try {
    const [formatted, bare] = [{ formattingOptions: formattingOf(text) }, {}].map((options) =>
      applyEdits(text, modify(text, at, value, options)),
    );
    const isExact = formatted !== undefined && withoutMember(formatted, at) === withoutMember(text, at);
    return isExact ? formatted : bare;
  } catch (error) {
    // How it refuses a path that leads through a string or a list.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function formattingOf(text: string) {
  const [, eol = '\n', unit = '  '] = /(\r?\n)([ \t]+)\S/.exec(text) ?? [];
  return { eol, insertSpaces: !unit.includes('\t'), tabSize: unit.length };
}

function nodeAt(text: string, at: JSONPath): Node | undefined {
  const root = parseTree(text, [], { allowTrailingComma: true });
  return root && findNodeAtLocation(root, at);
}

function cutAt(text: string, at: JSONPath): string {
  const found = nodeAt(text, at);
  if (found?.parent === undefined) return text;
  return cut(text, found.parent.type === 'property' ? found.parent : found);
}

// The parser's own removal takes the comments before and behind along.
function cut(text: string, part: Node): string {
  const { offset, length, children = [] } = part.parent ?? part;
  const index = children.indexOf(part);
  const [before, after] = [children[index - 1], children[index + 1]];
  const start = before ? endOf(before) : offset + 1;
  const end = after ? after.offset : offset + length - 1;
  const lead = text.slice(start, part.offset);
  const tail = text.slice(endOf(part), end);
  const kept = before
    ? ofLast(commented(lead, withoutComma), tail)
    : ofFirst(lead, tail, after !== undefined);
  return text.slice(0, start) + kept + text.slice(end);
}

// Without the indentation of a line that is gone, unless a comment would then swallow what follows.
function ofLast(lead: string, tail: string): string {
  return (/^[ \t]*\r?\n/.test(tail) ? lead.trimEnd() : lead) + tail;
}

function ofFirst(lead: string, tail: string, isFollowed: boolean): string {
  return (isFollowed ? lead : commented(lead)) + commented(tail, withoutComma);
}

/** What stays of the text between two members: nothing of blanks and commas alone. */
function commented(gap: string, change: (gap: string) => string = String): string {
  return stripComments(gap) === gap ? '' : change(gap);
}

function withoutComma(gap: string): string {
  const at = stripComments(gap, ' ').indexOf(',');
  return at < 0 ? gap : gap.slice(0, at) + gap.slice(at + 1);
}

function isBare(text: string, { offset, length, children = [] }: Node): boolean {
  return children.length === 0 && commented(text.slice(offset, offset + length)) === '';
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}
