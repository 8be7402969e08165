import stringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';

/** The width of a text in terminal columns; colour sequences have none. */
export const columnsOf = stringWidth;

export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

export function cutToColumns(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line;
  const broken = wrapAnsi(line, Math.max(1, columns - 1), { hard: true, trim: false, wordWrap: false });
  const kept = broken.split('\n', 1)[0] ?? '';
  return stringWidth(kept) < columns ? `${kept}…` : '…';
}

/**
 * A paragraph after `first` with a hanging indent. Lines break only at spaces, since people copy paths and commands,
 * and inside words only for wide scripts, which have no spaces.
 */
export function hanging(text: string, { first, columns }: { first: string; columns: number }): string {
  const indent = stringWidth(first);
  const words = text.trim();
  const broken = wrapAnsi(words, Math.max(10, columns - indent), { hard: hasWideLetters(words) });
  // Joiners, variation selectors and keycaps stay with the character before them.
  const joined = broken.replace(/\n((?:\u200c|\u200d|\ufe0e|\ufe0f|\u20e3)+)/g, '$1\n');
  return first + joined.replaceAll('\n', `\n${' '.repeat(indent)}`);
}

function hasWideLetters(text: string): boolean {
  return [...new Set(text)].some((letter) => stringWidth(letter) > 1);
}

export interface TableOptions {
  columns: number;
  /** Minimum width of the second column; if there is less room, its cells go on the lines below. */
  least?: number;
}

/** Rows of two cells; the second cells are aligned and wrapped. */
export function table(rows: readonly (readonly [string, string])[], options: TableOptions): string[] {
  const { columns, least = 28 } = options;
  const width = Math.max(0, ...rows.map(([first]) => stringWidth(first))) + 2;
  if (columns - width >= least)
    return rows.map(([first, second]) => hanging(second, { first: padTo(first, width), columns }));
  return rows.flatMap(([first, second]) => [first, hanging(second, { first: '    ', columns })]);
}

export interface GridOptions {
  /** The terminal's width; infinite in a pipe. */
  columns: number;
  /** Minimum width of each column that may be cut, by its index. */
  cut: Readonly<Record<number, number>>;
}

const GAP = '  ';

/**
 * Aligned rows, a line each: the widest columns that may be cut shrink until a row fits. In a pipe, cells are not cut
 * and are separated by tabs.
 */
export function grid(rows: readonly (readonly string[])[], { columns, cut }: GridOptions): string[] {
  if (columns === Number.POSITIVE_INFINITY) return rows.map(tabSeparated);
  const widths = widthsOf(rows);
  const shrinkable = Object.entries(cut).map(([at, least]) => [Number(at), least] as const);
  const isTooWide = () => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) > columns;
  while (isTooWide()) {
    const remaining = shrinkable.filter(([at, least]) => (widths[at] ?? 0) > least);
    const [widest] = remaining.sort(([a], [b]) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined) break;
    widths[widest[0]] = (widths[widest[0]] ?? 0) - 1;
  }
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      const fitted = cutToColumns(cell, widths[at] ?? 0);
      return at === row.length - 1 ? fitted : padTo(fitted, widths[at] ?? 0);
    });
    return cutToColumns(cells.join(GAP), columns).trimEnd();
  });
}

export function tabSeparated(cells: readonly string[]): string {
  return cells.map((cell) => cell.replace(/\s+/g, ' ').trim()).join('\t');
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const most = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: most }, (_, at) => Math.max(0, ...rows.map((row) => columnsOf(row[at] ?? ''))));
}
