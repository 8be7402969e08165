import { type ParseError, parse } from 'jsonc-parser';

type Members = Record<string, unknown>;
type At = readonly string[];

/** The value of JSON that can have comments and trailing commas; undefined for any other text. */
export function jsonValue(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  return errors.length === 0 ? value : undefined;
}

export function valueAt(value: unknown, at: At): unknown {
  return at.reduce<unknown>((node, key) => Object(node)[key], value);
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A copy of `root` with `value` at the path.
 * @returns undefined when anything but an object is on the path
 */
export function withMember(root: unknown, [key = '', ...rest]: At, value: unknown): Members | undefined {
  if (!isMembers(root)) return undefined;
  const member = rest.length === 0 ? value : withMember(root[key] ?? {}, rest, value);
  return member === undefined ? undefined : { ...root, [key]: member };
}

/**
 * A copy of `root` without the member at the path, and without the objects that become empty by that.
 * @param keepParents keeps those objects, for a file whose owner expects them
 */
export function withoutMember(root: Members, [key = '', ...rest]: At, keepParents = false): Members {
  const { [key]: member, ...others } = root;
  if (rest.length === 0 || !isMembers(member)) return others;
  const left = withoutMember(member, rest, keepParents);
  return Object.keys(left).length === 0 && !keepParents ? others : { ...root, [key]: left };
}
