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
