import { SamocodeError } from '../../src/core/kernel/errors.ts';

/** The rows of each film, by a title that begins with the keys which it is about: `status, notes: a stop at a gate`. */
export type Films<Row> = Readonly<Record<string, readonly Row[]>>;

/** What a row did: its name, and the state before and after it. */
export interface Shown {
  name: string;
  before: unknown;
  after: unknown;
}

/**
 * Plays films, and writes everything that each row changes, as text for a golden: what nobody thought of is seen, too.
 * @param omitted keys that change with every row
 * @throws for a film in which a key of its title never changes
 */
export function screened<Row>(
  films: Films<Row>,
  play: (rows: readonly Row[]) => readonly Shown[],
  { omitted = [] }: { omitted?: readonly string[] } = {},
): string {
  const reels = Object.entries(films).map(([title, rows]) => {
    const shown = play(rows).map(({ name, before, after }) => ({
      name,
      changes: changesOf(before, after).filter(({ path }) => !omitted.includes(path)),
    }));
    const seen = new Set(shown.flatMap(({ changes }) => changes.map(({ path }) => path.split('.')[0])));
    requireAll(title, (key) => seen.has(key));
    const lines = shown.map(({ name, changes }) => {
      const texts = changes.map(({ path, to }) => `${path} ${to}`);
      return `  ${name}: ${texts.join('; ') || 'nothing'}`;
    });
    return [title, ...lines].join('\n');
  });
  return `${reels.join('\n\n')}\n`;
}

/** What comes out of each row, by its name; a title begins with words that its results must have: `phase_closed: a resume`. */
export type Tables = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Writes tables as text for a golden.
 * @throws for a table of which no result has a word of its title
 */
export function tabled(tables: Tables): string {
  const texts = Object.entries(tables).map(([title, rows]) => {
    const results = Object.entries(rows).map(([name, result]) => ({ name, text: resultOf(result) }));
    const words = new Set(results.flatMap(({ text }) => text.match(/[\w.-]*\w|–/g) ?? []));
    requireAll(title, (word) => words.has(word));
    return [
      title,
      ...results.map(({ name, text }) => `  ${name}:${text.startsWith('\n') ? '' : ' '}${text}`),
    ].join('\n');
  });
  return `${texts.join('\n\n')}\n`;
}

function requireAll(title: string, has: (key: string) => boolean): void {
  const unseen = (title.split(': ')[0] ?? '').split(', ').filter((key) => !has(key));
  if (unseen.length > 0) throw new Error(`“${title}”: ${unseen.join(', ')} never changes.`);
}

/** A text of several lines, and a long list, line by line; an object key by key. */
function resultOf(result: unknown): string {
  if (typeof result === 'string') {
    const lines = result.split('\n').map(escaped);
    return lines.length === 1 ? lines.join() : lines.map((line) => `\n    | ${line}`.trimEnd()).join('');
  }
  if (Array.isArray(result) && textOf(result).length > 90)
    return result.map((each) => `\n    - ${resultOf(each)}`).join('');
  if (!isObject(result)) return textOf(result);
  const texts = changesOf({}, result).map(({ path, to }) =>
    ['kind', 'error'].includes(path) ? to : `${path} ${to}`,
  );
  return texts.join('; ') || 'nothing';
}

/** With each invisible character as its code. */
function escaped(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\s$/gu, (sign) =>
    sign === ' ' ? '·' : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

interface Change {
  path: string;
  to: string;
}

/** A change for each path below which only one of both is an object, or both differ. */
function changesOf(before: unknown, after: unknown, path = ''): Change[] {
  if (textOf(before) === textOf(after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, to: textOf(after) }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changesOf(before[key], after[key], path === '' ? key : `${path}.${key}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

/** As JSON without quotation marks that no reader needs, and with short fingerprints; `–` is nothing. */
function textOf(value: unknown): string {
  if (value === undefined) return '–';
  if (value instanceof SamocodeError) return sayingOf(value);
  const json = JSON.stringify(value, (_, each) => (each instanceof SamocodeError ? sayingOf(each) : each));
  return json.replaceAll(/"([\w ./:-]*)"/g, '$1').replaceAll(/\b([\da-f]{7})[\da-f]{57}\b/g, '$1…');
}

function sayingOf({ code, why, hint, next }: SamocodeError): string {
  return [`${code}:`, why, hint, ...next.map((step) => textOf(step))].filter((text) => text !== '').join(' ');
}
