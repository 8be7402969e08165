import { columnsOf, cutToColumns, hanging, padTo } from '../../../core/faces/terminal/columns.ts';
import { nextCommandsOf } from '../../../core/faces/terminal/json-facts.ts';
import { phaseLine } from '../../../core/faces/terminal/progress-view.ts';
import { factRows, namedLines, type Row, stateCell } from '../../../core/faces/terminal/session-words.ts';
import { fitLine, type Style } from '../../../core/faces/terminal/style.ts';
import { age } from '../../../core/kernel/durations.ts';
import { wayText } from '../../../core/kernel/phases/table.ts';
import { counted } from '../../../core/kernel/text.ts';
import { GROUPS, groupOf, selectedRow, visibleRows } from './groups.ts';
import { ALL_KEYS, fixedKeys, type KeyHint, listKeys, STOPPED_KEY } from './keys.ts';
import { rowColumns, rowLine } from './row-line.ts';
import type { WatchedDetails, WatchedRow, WatchModel, WatchPlace } from './watch-model.ts';

export interface Canvas {
  columns: number;
  rows: number;
  style: Style;
}

const CHROME = 2;
/** If fewer lines remain, no details are shown. */
const MIN_DETAILS = 5;
const MIN_LIST = 5;

/** Renders the whole screen as lines, none wider than the terminal. Pure. */
export function screenLines(model: WatchModel, place: WatchPlace, canvas: Canvas): string[] {
  const { columns, rows } = canvas;
  const height = Math.max(0, rows - CHROME);
  const body = bodyLines(model, place, { ...canvas, rows: height });
  const filled = Array.from({ length: height }, (_, index) => body[index] ?? '');
  const lines = [titleLine(model, place, canvas), ...filled, keyLine(model, place, canvas)];
  return lines.slice(-rows).map((line) => cutToColumns(line, columns));
}

export function listHeight(model: WatchModel, place: WatchPlace, { rows }: Pick<Canvas, 'rows'>): number {
  return partHeights(listItems(model, place).length, Math.max(1, rows - CHROME)).list;
}

function bodyLines(model: WatchModel, place: WatchPlace, canvas: Canvas): string[] {
  const { columns, rows: height, style } = canvas;
  if (place.isHelp) return helpLines(canvas);
  if (model.rows === undefined) return ['', style.dim('  Reading the sessions …')];
  if (model.rows.length === 0) return ['', '  No sessions yet. Start one with: samocode start --task "…"'];
  const row = selectedRow(model, place);
  if (row === undefined)
    return ['', '  No session has this in its name, task, project, phase or state. Esc shows all.'];
  const items = listItems(model, place);
  const { list, details } = partHeights(items.length, height);
  const { nowMs } = model;
  const listed = listLines(items, row, { columns, height: list, style, nowMs });
  if (details === 0) return listed;
  const gap = Array.from({ length: list - listed.length }, () => '');
  const known = detailLines(row, model.details, { columns, height: details - 1, style, nowMs });
  return [...listed, ...gap, style.dim('─'.repeat(columns)), ...known];
}

/** The list gets what it needs, as long as enough lines remain for the details. */
function partHeights(lines: number, height: number): { list: number; details: number } {
  if (height < MIN_LIST + MIN_DETAILS) return { list: height, details: 0 };
  const wanted = lines + 1;
  const list = Math.min(
    wanted,
    Math.max(MIN_LIST, height - Math.max(MIN_DETAILS, Math.floor(height * 0.45))),
  );
  return { list, details: height - list };
}

function titleLine(
  { rows = [] }: WatchModel,
  { filter, isTyping }: WatchPlace,
  { columns, style }: Canvas,
): string {
  const counts = GROUPS.map(
    (group) => [group, rows.filter(({ facts }) => groupOf(facts) === group).length] as const,
  );
  const words = counts.flatMap(([group, count]) => {
    if (count === 0) return [];
    const text = `${count} ${group === 'needs you' && count > 1 ? 'need you' : group}`;
    return [group === 'needs you' ? style.attention(text) : text];
  });
  const only = filter && !isTyping ? [style.accent(`/${fitLine(filter)}`)] : [];
  const head = [style.bold('samocode'), ...only, ...words].join(style.dim(' · '));
  const usd = rows.reduce((sum, { facts }) => sum + (facts.costUsd ?? 0), 0);
  const cost = usd > 0 ? `${rows.some(({ isEstimate }) => isEstimate) ? '~' : ''}$${usd.toFixed(2)}` : '';
  const room = columns - columnsOf(cost);
  return `${padTo(cutToColumns(head, room - 1), room)}${style.dim(cost)}`;
}

function keyLine(model: WatchModel, place: WatchPlace, { style, columns }: Canvas): string {
  if (model.digits !== undefined)
    return style.attention(fitLine(`${model.digits} confirms the tab that asks for these digits`, columns));
  if (place.notice !== undefined) return style.attention(fitLine(place.notice, columns));
  if (place.isTyping)
    return `${style.bold(style.accent('/'))}${place.filter}${style.dim('▏ Enter keeps it  Esc shows all')}`;
  const { first, last } = keysOf(model, place);
  const widthOf = (keys: readonly KeyHint[]) =>
    keys.reduce((sum, { key, what }) => sum + columnsOf(key) + what.length + GAP.length + 1, 0);
  // Keys that do not fit are listed in the help.
  const fitting = first.filter(
    (_, index) => widthOf([...first.slice(0, index + 1), ...last]) <= columns + GAP.length,
  );
  return [...fitting, ...last].map(({ key, what }) => `${style.bold(style.accent(key))} ${what}`).join(GAP);
}

const GAP = '  ';

function keysOf(model: WatchModel, place: WatchPlace) {
  if (place.isHelp) return { first: [], last: [{ key: 'any key', what: 'back' }] };
  return { first: listKeys(selectedRow(model, place)), last: fixedKeys(place) };
}

function helpLines({ style, columns }: Canvas): string[] {
  const lines = ALL_KEYS.map(({ key, what }) =>
    hanging(what.replaceAll('`', ''), { first: `  ${style.bold(style.accent(key.padEnd(12)))} `, columns }),
  );
  return ['', ...lines.join('\n').split('\n')];
}

interface Part {
  columns: number;
  height: number;
  style: Style;
  nowMs: number;
}

type ListItem = { row: WatchedRow } | { title: string; isFolded: boolean };

function listItems(model: WatchModel, place: WatchPlace): ListItem[] {
  const shown = visibleRows(model, place);
  const all = place.filter ? shown : (model.rows ?? []);
  return GROUPS.flatMap((group): ListItem[] => {
    const isOwn = ({ facts }: WatchedRow) => groupOf(facts) === group;
    const [count, own] = [all.filter(isOwn).length, shown.filter(isOwn)];
    if (count === 0) return [];
    const title = `${group.toUpperCase()} ${count}`;
    return [{ title, isFolded: own.length < count }, ...own.map((row) => ({ row }))];
  });
}

/** The list, or the part of it around the selected row if it is too long. */
function listLines(
  items: readonly ListItem[],
  selected: WatchedRow,
  { columns, height, style, nowMs }: Part,
): string[] {
  const widths = rowColumns(
    items.flatMap((item) => ('row' in item ? [item.row] : [])),
    columns,
  );
  const at = items.findIndex((item) => 'row' in item && item.row === selected);
  const from = firstShown(at, { height, count: items.length });
  return items.slice(from, from + height).map((item) => {
    if ('row' in item) return rowLine(item.row, { isSelected: item.row === selected, widths, style, nowMs });
    const { title, isFolded } = item;
    const words = style.bold(title.startsWith('NEEDS') ? style.attention(title) : title);
    return isFolded ? `${words} ${style.dim(`· ${STOPPED_KEY} shows them`)}` : words;
  });
}

/** The first line shown: keeps the selected one a third from the top, without empty lines at the end. */
function firstShown(selected: number, { height, count }: { height: number; count: number }): number {
  if (count <= height || selected < 0) return 0;
  return Math.max(0, Math.min(selected - Math.floor(height / 3), count - height));
}

/** Details of the selected session, as far as they fit; the end of its output fills the remaining lines. */
function detailLines(
  row: WatchedRow,
  details: WatchedDetails | undefined,
  { columns, height, style, nowMs }: Part,
): string[] {
  const { facts } = row;
  const since = age(nowMs - Date.parse(facts.since));
  const begun = facts.createdAt && `started ${age(nowMs - Date.parse(facts.createdAt))} ago`;
  const about = [row.project, `iteration ${facts.iteration}`, begun].filter(Boolean).join(' · ');
  const head = `${style.bold(fitLine(facts.session))}${wayText(facts)}  ${stateCell(facts, style, since)}`;
  const isDone = facts.state === 'done';
  const known = details?.key === row.key ? details : undefined;
  const rows: Row[] = [
    ['phase', phaseLine({ phase: facts.phase, way: facts.way, isDone, columns: columns - FIRST, style })],
    ['next', facts.needsHuman ? style.accent(fitLine(nextCommandsOf(facts).join(', or '), 400)) : undefined],
    ['about', fitLine(about)],
    // At most two lines each: a task may be pages long.
    ...factRows(facts).map(
      ([name, value]): Row => [name, value && fitLine(value, 2 * (columns - FIRST) - 2)],
    ),
  ];
  const texts = [...namedLines(rows, { style, columns }), ...commitLines(known, { style, nowMs })];
  const lines = [head, ...texts.join('\n').split('\n')];
  const room = height - lines.length - 1;
  const tail = (known?.tail ?? []).slice(-Math.max(0, room));
  const shown =
    room > 0 && tail.length > 0
      ? [...lines, '', ...tail.map((line) => style.dim(fitLine(line, 400)))]
      : lines;
  return shown.slice(0, height);
}

const FIRST = 12;

function commitLines(
  details: WatchedDetails | undefined,
  { style, nowMs }: Pick<Part, 'style' | 'nowMs'>,
): string[] {
  const { commits = [], totalCommits = 0 } = details ?? {};
  return commits.map(({ hash, subject, committedAt }, index) => {
    const ago = style.dim(`${age(nowMs - Date.parse(committedAt))} ago`);
    const name = index > 0 ? '' : counted(totalCommits, 'commit');
    return `  ${style.dim(name.padEnd(9))} ${style.accent(fitLine(hash).slice(0, 8))} ${fitLine(subject)} ${ago}`;
  });
}
