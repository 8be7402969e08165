import { columnsOf, cutToColumns, hanging, padTo } from '../rendering/columns.ts';
import { fitLine, type Style } from '../terminal/style.ts';
import { detailLines } from './detail-lines.ts';
import { GROUPS, groupOf } from './groups.ts';
import { allKeys, type KeyWords, LEAVING_KEYS, LOOKING_KEYS, listKeys, type WatchAct } from './keys.ts';
import { seenLines } from './peek-lines.ts';
import { rowColumns, rowLine } from './row-line.ts';
import { selectedRow, type WatchedRow, type WatchModel, type WatchPlace } from './watch-model.ts';

export interface ScreenSize {
  columns: number;
  rows: number;
}

export interface Drawn extends ScreenSize {
  style: Style;
  /** What keys may do here. */
  acts: readonly WatchAct[];
}

/** The title and the keys. */
const CHROME = 2;
/** Details of fewer lines say nothing. */
const LEAST_DETAILS = 5;
const LEAST_LIST = 5;

/** The whole screen as lines, none of them wider than it. Pure. */
export function screenLines(model: WatchModel, place: WatchPlace, drawn: Drawn): string[] {
  const { columns, rows } = drawn;
  const height = Math.max(0, rows - CHROME);
  const body = bodyLines(model, place, { ...drawn, rows: height });
  const filled = Array.from({ length: height }, (_, index) => body[index] ?? '');
  const lines = [titleLine(model, drawn), ...filled, keyLine(model, place, drawn)];
  return lines.slice(-rows).map((line) => cutToColumns(line, columns));
}

/** How high what is looked into is, or the list. */
export function bodyHeight(model: WatchModel, place: WatchPlace, { rows }: ScreenSize): number {
  const height = Math.max(1, rows - CHROME);
  if (place.peek !== undefined) return Math.max(1, height - 1);
  return partHeights(model.rows ?? [], height).list;
}

function bodyLines(model: WatchModel, place: WatchPlace, drawn: Drawn): string[] {
  const { columns, rows: height, style } = drawn;
  if (place.isHelp) return helpLines(drawn);
  if (model.rows === undefined) return ['', style.dim('  Reading the sessions …')];
  const row = selectedRow(model.rows, place);
  if (row === undefined) return ['', '  No sessions yet. Start one with: samocode start --task "…"'];
  if (place.peek !== undefined) return lookedInto(model, place, { row, drawn });
  const { list, details } = partHeights(model.rows, height);
  const { nowMs } = model;
  const listed = listLines(model.rows, { columns, height: list, selected: row, style, nowMs });
  if (details === 0) return listed;
  const gap = Array.from({ length: list - listed.length }, () => '');
  const known = detailLines(row, model.details, { columns, height: details - 1, style, nowMs });
  return [...listed, ...gap, style.dim('─'.repeat(columns)), ...known];
}

/** The list has what it needs as long as the details keep some room; both share what there is. */
function partHeights(rows: readonly WatchedRow[], height: number): { list: number; details: number } {
  if (height < LEAST_LIST + LEAST_DETAILS) return { list: height, details: 0 };
  const wanted = listHeight(rows) + 1;
  const list = Math.min(
    wanted,
    Math.max(LEAST_LIST, height - Math.max(LEAST_DETAILS, Math.floor(height * 0.45))),
  );
  return { list, details: height - list };
}

const PEEK_TITLES = { output: 'output', log: 'log', diff: 'changes' } as const;

function lookedInto(
  { peek }: WatchModel,
  { peek: kind = 'output', top }: WatchPlace,
  { row, drawn: { columns, rows: height, style } }: { row: WatchedRow; drawn: Drawn },
): string[] {
  const about = peek === undefined ? 'reading …' : fitLine(peek.title);
  const title = `${style.bold(fitLine(row.name))} ${style.accent(PEEK_TITLES[kind])} ${style.dim(about)}`;
  if (peek === undefined) return [title];
  if (peek.lines.length === 0) return [title, style.dim('  Nothing yet.')];
  return [title, ...seenLines(peek, { kind, columns, height: height - 1, top, style })];
}

function titleLine({ rows = [] }: WatchModel, { columns, style }: Drawn): string {
  const counts = GROUPS.map(
    (group) => [group, rows.filter(({ facts }) => groupOf(facts) === group).length] as const,
  );
  const words = counts.flatMap(([group, count]) => {
    if (count === 0) return [];
    const text = `${count} ${group === 'needs you' && count > 1 ? 'need you' : group}`;
    return [group === 'needs you' ? style.attention(text) : text];
  });
  const head = [style.bold('samocode'), ...words].join(style.dim(' · '));
  const usd = rows.reduce((sum, { facts }) => sum + (facts.costUsd ?? 0), 0);
  const cost = usd > 0 ? `${rows.some(({ isEstimate }) => isEstimate) ? '~' : ''}$${usd.toFixed(2)}` : '';
  const room = columns - columnsOf(cost);
  return `${padTo(cutToColumns(head, room - 1), room)}${style.dim(cost)}`;
}

function keyLine(model: WatchModel, place: WatchPlace, { style, acts, columns }: Drawn): string {
  if (place.notice !== undefined) return style.attention(fitLine(place.notice, columns));
  const { first, last } = keysOf(model, place, acts);
  const widthOf = (keys: readonly KeyWords[]) =>
    keys.reduce((sum, { key, what }) => sum + columnsOf(key) + what.length + GAP.length + 1, 0);
  // Where there is little room, the help still says the rest.
  const fitting = first.filter(
    (_, index) => widthOf([...first.slice(0, index + 1), ...last]) <= columns + GAP.length,
  );
  return [...fitting, ...last].map(({ key, what }) => `${style.bold(style.accent(key))} ${what}`).join(GAP);
}

const GAP = '  ';

function keysOf(model: WatchModel, place: WatchPlace, acts: readonly WatchAct[]) {
  if (place.isHelp) return { first: [], last: [{ key: 'any key', what: 'back' }] };
  const first = place.peek === undefined ? listKeys(selectedRow(model.rows, place), acts) : LOOKING_KEYS;
  return { first, last: LEAVING_KEYS };
}

function helpLines({ acts, style, columns }: Drawn): string[] {
  const lines = allKeys(acts).map(({ key, what }) =>
    hanging(what, { first: `  ${style.bold(style.accent(key.padEnd(11)))} `, columns }),
  );
  return ['', ...lines.join('\n').split('\n')];
}

interface ListPlace {
  columns: number;
  /** Lines that there are for it. */
  height: number;
  selected: WatchedRow | undefined;
  style: Style;
  nowMs: number;
}

/** The rows under the titles of their groups; of a longer list the part around the selected row. */
function listLines(rows: readonly WatchedRow[], place: ListPlace): string[] {
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
function listHeight(rows: readonly WatchedRow[]): number {
  return rows.length + new Set(rows.map(({ facts }) => groupOf(facts))).size;
}

/** The selected line a third below the top, without an empty end. */
function firstShown(selected: number, { height, count }: { height: number; count: number }): number {
  if (count <= height || selected < 0) return 0;
  return Math.max(0, Math.min(selected - Math.floor(height / 3), count - height));
}
