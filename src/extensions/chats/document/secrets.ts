import { orNothing } from '../../../core/kernel/errors.ts';

export const REMOVED = '[removed: token]';

/** Values that are shorter are words as often as secrets. */
const MIN_VALUE_CHARS = 8;

/**
 * Returns a text without these values and without tokens; each is replaced by `REMOVED`. All are found in the text as it
 * was given: a value that is replaced first could hide the token around it.
 */
export function secretFilter(values: readonly string[]): (text: string) => string {
  const all = values.flatMap((value) => [value, orNothing(() => encodeURIComponent(value)) ?? value]);
  const long = [...new Set(all)].filter((value) => value.length >= MIN_VALUE_CHARS);
  return (text) =>
    withoutRanges(text, [
      ...long.flatMap((value) => placesOf(value, text)),
      ...[TOKENS, BEARER, PASSWORD_IN_URL].flatMap((pattern) => matchesOf(pattern, text)),
    ]);
}

interface Range {
  start: number;
  end: number;
}

function placesOf(value: string, text: string): Range[] {
  const found: Range[] = [];
  for (let start = text.indexOf(value); start !== -1; ) {
    const end = start + value.length;
    found.push({ start, end });
    start = text.indexOf(value, end);
  }
  return found;
}

/** Without the first group, which stays. */
function matchesOf(pattern: RegExp, text: string): Range[] {
  return [...text.matchAll(pattern)].map(({ 0: whole, 1: kept = '', index }) => ({
    start: index + kept.length,
    end: index + whole.length,
  }));
}

/** Ranges that overlap are one secret. */
function withoutRanges(text: string, ranges: Range[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    if (parts.length === 0 || range.start >= end) parts.push(text.slice(end, range.start), REMOVED);
    end = Math.max(end, range.end);
  }
  return [...parts, text.slice(end)].join('');
}

/** How many secrets were removed from a text. */
export function removedFrom(text: string): number {
  return text.split(REMOVED).length - 1;
}

/**
 * Forms in which services give out their tokens, listed in docs/from-a-chat.md. A text may have millions of characters:
 * no pattern reads the same ones from many places, and each repetition has a bound, without which the stack of regular
 * expressions overflows.
 */
const TOKENS = new RegExp(
  [
    String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)`,
    // OpenAI, Anthropic
    String.raw`\bsk-[\w-]{16,20000}`,
    // Stripe
    String.raw`\b[sr]k_(?:live|test)_\w{10,20000}`,
    // GitHub
    String.raw`\bgh[a-z]_[A-Za-z0-9]{16,20000}`,
    String.raw`\bgithub_pat_\w{16,20000}`,
    // GitLab, npm, Hugging Face
    String.raw`\bgl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat)-[\w-]{16,20000}`,
    String.raw`\bnpm_[A-Za-z0-9]{16,20000}`,
    String.raw`\bhf_[A-Za-z0-9]{16,20000}`,
    // Slack
    String.raw`\bxox[a-z](?:\.xox[a-z])?-[\w-]{8,20000}`,
    String.raw`\bxapp-[\w-]{8,20000}`,
    // AWS, Google
    String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{12,20000}`,
    String.raw`\bAIza[\w-]{20,20000}`,
    // Telegram
    String.raw`\b\d{8,10}:[\w-]{35}\b`,
    // JWT
    String.raw`(?<![\w-])eyJ[\w-]{6,20000}\.[\w-]{6,20000}\.[\w-]{0,20000}`,
  ].join('|'),
  'g',
);
/** Not the words "bearer authentication". */
const BEARER = /\b(Bearer\s{1,100})(?:(?=[\w.~+/=-]{0,20000}\d)[\w.~+/=-]{8,20000}|[\w.~+/=-]{20,20000})/gi;
const PASSWORD_IN_URL = /(:\/\/)[^\s/@:]{0,20000}:[^\s/@]{1,20000}(?=@)/g;
