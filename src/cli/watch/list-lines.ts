import type { Style } from '../terminal/style.ts';
import { GROUPS, groupOf } from './groups.ts';
import { rowColumns, rowLine } from './row-line.ts';
import type { WatchedRow } from './watch-model.ts';

interface ListPlace {
  columns: number;
  /** Lines that there are for it. */
  height: number;
  selected: WatchedRow | undefined;
  style: Style;
  nowMs: number;
}

/** The rows under the titles of their groups; of a longer list the part around the selected row. */
export function listLines(rows: readonly WatchedRow[], place: ListPlace): string[] {
  const { columns, height, selected, style, nowMs } = place;
  const widths = rowColumns(rows, columns);
  const lines: { row?: WatchedRow; title?: string }[] = GROUPS.flatMap((group) => {
    const own = rows.filter(({ facts }) => groupOf(facts) === group);
    if (own.length === 0) return [];
    return [{ title: `${group.toUpperCase()} ${own.length}` }, ...own.map((row) => ({ row }))];
  });
  const from = firstShown(
    lines.findIndex(({ row }) => row !== undefined && row === selected),
    {
      height,
      count: lines.length,
    },
  );
  return lines.slice(from, from + height).map(({ row, title = '' }) => {
    if (row === undefined) return style.bold(title.startsWith('NEEDS') ? style.attention(title) : title);
    return rowLine(row, { isSelected: row === selected, widths, style, nowMs });
  });
}

/** How many lines the whole list takes. */
export function listHeight(rows: readonly WatchedRow[]): number {
  return rows.length + new Set(rows.map(({ facts }) => groupOf(facts))).size;
}

/** The selected line a third below the top, without an empty end. */
function firstShown(selected: number, { height, count }: { height: number; count: number }): number {
  if (count <= height || selected < 0) return 0;
  return Math.max(0, Math.min(selected - Math.floor(height / 3), count - height));
}
