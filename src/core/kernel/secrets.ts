import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { orNothing } from './errors.ts';

/** A value that no text may show, and the variable that has it. */
export interface Secret {
  name: string;
  value: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Values that are shorter are words as often as secrets. */
const MIN_CHARS = 8;

const SECRET_NAME = new RegExp(
  [
    '(?:^|_)(?:KEY|CREDENTIALS?|DSN|PAT|(?:DB|MYSQL|PG|SSH)PASS)(?:_|$)',
    '(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|APIKEY)(?:_|$)',
    // In the middle of a name these words say what else it is about: SSH_AUTH_SOCK, PASS_MIN_DAYS.
    String.raw`(?:^|_)(?:PASS|AUTH(?:_CONFIG|_HEADER)?)(?:_\d+)?$`,
    // PWD and OLDPWD are folders.
    String.raw`_PWD(?:_\d+)?$`,
  ].join('|'),
  'i',
);

/** Settings of git and paths of its certificates. */
const SETTING_OF_GIT = /^GIT_(?:CONFIG_KEY_\d+|SSL_\w+)$/;

/** Whether a variable is named like one that holds a secret: by whole words, so that KEYMAP and AUTHOR are not. */
export function isSecretName(name: string): boolean {
  return !SETTING_OF_GIT.test(name) && SECRET_NAME.test(name.replaceAll(/[^A-Za-z0-9]+/g, '_'));
}

/**
 * The secrets in these variables: the value of each that is named like one, passwords in addresses, and, in any other
 * value, words that look like tokens.
 */
export function secretsIn(variables: Variables): Secret[] {
  return Object.entries(variables).flatMap(([name, value = '']) =>
    [...new Set(secretParts(name, value))]
      .filter((part) => part.length >= MIN_CHARS && !KNOWN_TO_ALL.has(part))
      .map((part) => ({ name, value: part })),
  );
}

/** Passwords of images and examples, which are words of every text about them. */
const KNOWN_TO_ALL = new Set(['changeme', 'minioadmin', 'password', 'postgres', 'postgresql', 'rabbitmq']);

function secretParts(name: string, value: string): string[] {
  const passwords = passwordsIn(value);
  if (isSecretName(name)) return isPath(value) ? passwords : [value, ...passwords];
  const tokens = [...value.matchAll(TOKENS)].map(([token]) => token);
  return [...passwords, ...tokens, ...(COMMIT_NAME.test(name) ? [] : wordsIn(value).filter(looksRandom))];
}

/** Its value is the name of a commit. */
const COMMIT_NAME = /(?:SHA1?|COMMIT|REV|REVISION|VERSION)$/i;

function wordsIn(value: string): string[] {
  return value.split(/[\s,;"']+/).filter((word) => /^[\w.~+=-]{16,4096}$/.test(word));
}

/** A variable that names where a secret is kept contains none. */
function isPath(value: string): boolean {
  return value.startsWith('/') && existsSync(value);
}

const PASSWORD =
  /:\/\/([^\s/@:]{0,1000}):([^\s/@]{1,1000})@|(?:^|[\s;?&])(?:password|pwd)=([^\s;&]{1,1000})/gi;

/** Those of connection strings, as they are written and decoded. */
function passwordsIn(value: string): string[] {
  return [...value.matchAll(PASSWORD)].flatMap(([, user, inAddress, named]) => {
    const password = inAddress ?? named ?? '';
    // A name is no secret, and a word of texts.
    return password === user ? [] : [password, orNothing(() => decodeURIComponent(password)) ?? password];
  });
}

function looksRandom(word: string): boolean {
  return word.split(/[^A-Za-z0-9]+/).some(isRandom);
}

/** Letters and digits that are no words: digits at three places and more, or hardly a character twice. */
function isRandom(part: string): boolean {
  if (part.length < 16 || !/[a-z]/i.test(part)) return false;
  const digits = part.match(/\d+/g)?.length ?? 0;
  return digits >= 3 || (digits > 0 && new Set(part).size >= 0.75 * Math.min(part.length, 32));
}

export interface FilterOptions {
  /** The texts may begin or end inside of a secret. */
  areCut?: true;
}

/**
 * Returns a text without these secrets and without tokens; a mark with the variable's name replaces each. All are found
 * in the text as it was given: a value that is replaced first could hide the token around it.
 */
export function secretFilter(
  secrets: readonly Secret[],
  { areCut }: FilterOptions = {},
): (text: string) => string {
  const all = secrets.flatMap(({ name, value }) => formsOf(value).map((form) => ({ ...form, name })));
  const forms = [...new Map(all.map((each) => [each.form, each])).values()];
  return (text) =>
    withoutRanges(text, [
      ...forms.flatMap((each) => placesOf(each, text)),
      ...[TOKENS, BEARER, PASSWORD_IN_URL].flatMap((pattern) => matchesOf(pattern, text)),
      ...(areCut ? [...forms.flatMap((each) => placesAtEnds(each, text)), ...matchesOf(CUT_KEY, text)] : []),
    ]);
}

/** A value as it is written in texts, addresses, base64 and JSON, and each of its lines, which programs print one by one. */
function formsOf(value: string): Array<Pick<Form, 'form' | 'isLine'>> {
  const plain = stripVTControlCharacters(value);
  const encoded = orNothing(() => encodeURIComponent(value)) ?? value;
  const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '');
  const lines = plain.split(/[\r\n]+/).map((line) => line.trim());
  return [
    ...(lines.length > 1 ? lines.map((form) => ({ form, isLine: true })) : []),
    ...[value, plain, encoded, base64, JSON.stringify(value).slice(1, -1)].map((form) => ({
      form,
      isLine: false,
    })),
  ].filter(({ form }) => form.length >= MIN_CHARS);
}

interface Form {
  form: string;
  name: string;
  /** One of several of a value. */
  isLine: boolean;
}

interface Range {
  start: number;
  end: number;
  name: string;
  isLine?: boolean;
}

function placesOf({ form, name, isLine }: Form, text: string): Range[] {
  const found: Range[] = [];
  for (let start = text.indexOf(form); start !== -1; ) {
    const end = start + form.length;
    found.push({ start, end, name, isLine });
    start = text.indexOf(form, end);
  }
  return found;
}

/** Where the text begins or ends with a part of the form. */
function placesAtEnds({ form, ...of }: Form, text: string): Range[] {
  if (text.length < MIN_CHARS) return [];
  const found: Range[] = [];
  const first = text.slice(0, MIN_CHARS);
  for (let at = form.indexOf(first); at !== -1; at = form.indexOf(first, at + 1)) {
    const end = Math.min(form.length - at, text.length);
    if (form.startsWith(text.slice(0, end), at)) found.push({ start: 0, end, ...of });
  }
  const last = text.slice(-MIN_CHARS);
  for (let at = form.indexOf(last); at !== -1; at = form.indexOf(last, at + 1)) {
    const start = Math.max(0, text.length - at - MIN_CHARS);
    const part = text.slice(start);
    if (form.endsWith(part, at + MIN_CHARS)) found.push({ start, end: text.length, ...of });
  }
  return found;
}

/** Without the first group, which stays. */
function matchesOf(pattern: RegExp, text: string): Range[] {
  return [...text.matchAll(pattern)].map(({ 0: whole, 1: kept = '', index }) => ({
    start: index + kept.length,
    end: index + whole.length,
    name: 'token',
  }));
}

/** Ranges that overlap are one secret, and so are lines of one that follow each other. */
function withoutRanges(text: string, ranges: Range[]): string {
  const parts: string[] = [];
  let last: Range | undefined;
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const end = last?.end ?? 0;
    if (last === undefined || (range.start >= end && !areLines(text, last, range))) {
      parts.push(text.slice(end, range.start), markOf(range));
      last = { ...range };
    } else last.end = Math.max(end, range.end);
  }
  return [...parts, text.slice(last?.end ?? 0)].join('');
}

function areLines(text: string, { end, name, isLine }: Range, next: Range): boolean {
  const areOne = isLine && next.isLine && name === next.name && next.start - end < 100;
  return areOne === true && BETWEEN_LINES.test(text.slice(end, next.start));
}

const BETWEEN_LINES = /^[^\S\r\n]*[\r\n]\s*$/;

function markOf({ name }: Range): string {
  return `[removed: ${/^[A-Za-z_][\w.-]{0,99}$/.test(name) ? name : 'secret'}]`;
}

const MARK = /\[removed: ([A-Za-z_][\w.-]{0,99})\]/g;

/** The text with a space in the place of each mark. */
export function withoutMarks(text: string): string {
  return text.replaceAll(MARK, ' ');
}

/** `NPM_TOKEN ×3, token ×1`: what was removed from a text; empty if nothing was. */
export function removedFrom(text: string): string {
  const counts = new Map<string, number>();
  for (const [, name = ''] of text.matchAll(MARK)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ×${count}`).join(', ');
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
    // GitLab, npm, PyPI, Hugging Face
    String.raw`\bgl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat)-[\w-]{16,20000}`,
    String.raw`\bnpm_[A-Za-z0-9]{16,20000}`,
    String.raw`\bpypi-[\w-]{16,20000}`,
    // age
    String.raw`\bAGE-SECRET-KEY-1[A-Z0-9]{16,20000}`,
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
const BEARER =
  /\b((?:Bearer|Authorization["']?:\s{0,9}["']?Basic)\s{1,100})(?:(?=[\w.~+/=-]{0,20000}\d)[\w.~+/=-]{8,20000}|[\w.~+/=-]{20,20000})/gi;
const PASSWORD_IN_URL = /(:\/\/)[^\s/@:]{0,20000}:[^\s/@]{1,20000}(?=@)/g;
/** The lines of a private key whose first ones are missing. */
const CUT_KEY = /^[^-]*-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
