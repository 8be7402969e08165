import { lineBody } from './markdown-lines.ts';

/** A `Key: value` line, also as a list item or with the key in bold, as hands and models write it. */
export interface KeyLine {
  /** Lower case. */
  key: string;
  value: string;
  /** Everything up to the colon and the emphasis around it. */
  head: string;
}

// Every repetition is bounded, so that a line of any length is read in linear time.
const HEAD =
  /^[ \t]{0,8}(?:[-*+][ \t]{1,4})?(?:\*\*|__)?([A-Za-z][A-Za-z0-9 ]{0,30})(?:\*\*|__)?[ \t]{0,4}:(?:\*\*|__)?/;

export function parseKeyLine(line: string): KeyLine | undefined {
  const body = lineBody(line);
  const match = HEAD.exec(body);
  if (!match?.[1]) return undefined;
  return { key: match[1].trim().toLowerCase(), value: body.slice(match[0].length).trim(), head: match[0] };
}

/** The same line with another value, its key written as it was. */
export function withValue(line: KeyLine, value: string): string {
  return value === '' ? line.head : `${line.head} ${value}`;
}

/** A value without the emphasis or code marks around it: `**yes**` and `` `yes` `` are yes. */
export function plainValue(value: string): string {
  const start = /^[*_`]{1,3}/.exec(value.trim())?.[0].length ?? 0;
  return value
    .trim()
    .slice(start)
    .replace(/[*_`]{1,3}$/, '')
    .trim();
}
