import { columnsOf, cutToColumns, padTo } from './columns.ts';

export interface GridOptions {
  /** Of the terminal; infinite in a pipe. */
  columns: number;
  /** Which cells may be cut, by their place in a row, each with the columns that it keeps. */
  cut: Readonly<Record<number, number>>;
}

const GAP = '  ';

/**
 * Rows of cells that stand below each other, a line each: the widest of those that may be cut give way until a row
 * fits. In a pipe the cells are whole and separated by tabs.
 */
export function grid(rows: readonly (readonly string[])[], { columns, cut }: GridOptions): string[] {
  if (columns === Number.POSITIVE_INFINITY) return rows.map(tabSeparated);
  const widths = widthsOf(rows);
  const places = Object.entries(cut).map(([at, least]) => [Number(at), least] as const);
  const over = () => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) > columns;
  while (over()) {
    const spare = places.filter(([at, least]) => (widths[at] ?? 0) > least);
    const [widest] = spare.sort(([a], [b]) => (widths[b] ?? 0) - (widths[a] ?? 0));
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

/** One line of a file that other programs read. */
export function tabSeparated(cells: readonly string[]): string {
  return cells.map((cell) => cell.replace(/\s+/g, ' ').trim()).join('\t');
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const most = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: most }, (_, at) => Math.max(0, ...rows.map((row) => columnsOf(row[at] ?? ''))));
}
