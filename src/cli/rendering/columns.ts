import stringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';

/** How many columns of a terminal a text takes on one line; colour sequences take none. */
export const columnsOf = stringWidth;

/** Fills a text up with blanks. */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

/** Cuts one coloured line to `columns` columns. */
export function cutToColumns(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line;
  const broken = wrapAnsi(line, Math.max(1, columns - 1), { hard: true, trim: false, wordWrap: false });
  const kept = broken.split('\n', 1)[0] ?? '';
  return stringWidth(kept) < columns ? `${kept}…` : '…';
}

/**
 * A paragraph behind `first`, its further lines below its first one. Lines are broken at blanks, since paths and
 * commands are copied; inside of words only where letters are wide, which have no blanks between them.
 */
export function hanging(text: string, { first, columns }: { first: string; columns: number }): string {
  const indent = stringWidth(first);
  const words = text.trim();
  const broken = wrapAnsi(words, Math.max(10, columns - indent), { hard: hasWideLetters(words) });
  return first + broken.replaceAll('\n', `\n${' '.repeat(indent)}`);
}

function hasWideLetters(text: string): boolean {
  return [...new Set(text)].some((letter) => stringWidth(letter) > 1);
}

export interface TableOptions {
  columns: number;
  /** The second cells want as many columns: where the first ones leave less, the second ones stand below them. */
  least?: number;
}

/** Rows of two cells, the second ones below each other and broken there. */
export function table(rows: readonly (readonly [string, string])[], options: TableOptions): string[] {
  const { columns, least = 28 } = options;
  const width = Math.max(0, ...rows.map(([first]) => stringWidth(first))) + 2;
  if (columns - width >= least)
    return rows.map(([first, second]) => hanging(second, { first: padTo(first, width), columns }));
  return rows.flatMap(([first, second]) => [first, hanging(second, { first: '    ', columns })]);
}
