import type { SessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { columnsOf, cutToColumns, hanging, padTo } from '../../../core/faces/terminal/columns.ts';
import { nextCommandsOf } from '../../../core/faces/terminal/json-facts.ts';
import { phaseLine } from '../../../core/faces/terminal/progress-view.ts';
import {
  factRows,
  namedLines,
  painted,
  type Row,
  stateCell,
} from '../../../core/faces/terminal/session-words.ts';
import { fitLine, type Style } from '../../../core/faces/terminal/style.ts';
import { age, stopwatch } from '../../../core/kernel/durations.ts';
import { PHASE_NAMES, type Phase, phasesOf, wayText } from '../../../core/kernel/phases/table.ts';
import { counted } from '../../../core/kernel/text.ts';
import { doingText, goneText, STOPS, stateText } from '../../../core/session/words/words.ts';
import { GROUPS, type Group, isOver, type SessionRow, SIGNS } from '../rows/row.ts';
import {
  ALL_KEYS,
  fixedKeys,
  type KeyHint,
  listKeys,
  STOPPED_KEY,
  selectedRow,
  visibleRows,
  type WatchedDetails,
  type WatchModel,
  type WatchSelection,
} from './press.ts';

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
export function screenLines(model: WatchModel, selection: WatchSelection, canvas: Canvas): string[] {
  const { columns, rows } = canvas;
  const height = Math.max(0, rows - CHROME);
  const body = bodyLines(model, selection, { ...canvas, rows: height });
  const filled = Array.from({ length: height }, (_, index) => body[index] ?? '');
  const lines = [titleLine(model, selection, canvas), ...filled, keyLine(model, selection, canvas)];
  return lines.slice(-rows).map((line) => cutToColumns(line, columns));
}

export function listHeight(
  model: WatchModel,
  selection: WatchSelection,
  { rows }: Pick<Canvas, 'rows'>,
): number {
  return partHeights(listItems(model, selection).length, Math.max(1, rows - CHROME)).list;
}

function bodyLines(model: WatchModel, selection: WatchSelection, canvas: Canvas): string[] {
  const { columns, rows: height, style } = canvas;
  if (selection.isHelp) return helpLines(canvas);
  if (model.rows === undefined) return ['', style.dim('  Reading the sessions …')];
  if (model.rows.length === 0) return ['', '  No sessions yet. Start one with: samocode start --task "…"'];
  const row = selectedRow(model, selection);
  if (row === undefined)
    return ['', '  No session has this in its name, task, project, phase or state. Esc shows all.'];
  const items = listItems(model, selection);
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
  { filter, isTyping }: WatchSelection,
  { columns, style }: Canvas,
): string {
  const counts = GROUPS.map((group) => [group, rows.filter((row) => row.group === group).length] as const);
  const words = counts.flatMap(([group, count]) => {
    if (count === 0) return [];
    const text = `${count} ${group === 'needs you' && count > 1 ? 'need you' : group}`;
    return [group === 'needs you' ? style.attention(text) : text];
  });
  const only = filter && !isTyping ? [style.accent(`/${fitLine(filter)}`)] : [];
  const head = [style.bold('samocode'), ...only, ...words].join(style.dim(' · '));
  const usd = rows.reduce((sum, { facts }) => sum + (facts.costUsd ?? 0), 0);
  const cost = usd > 0 ? `${rows.some(isEstimate) ? '~' : ''}$${usd.toFixed(2)}` : '';
  const room = columns - columnsOf(cost);
  return `${padTo(cutToColumns(head, room - 1), room)}${style.dim(cost)}`;
}

function keyLine(model: WatchModel, selection: WatchSelection, { style, columns }: Canvas): string {
  if (model.digits !== undefined)
    return style.attention(fitLine(`${model.digits} confirms the tab that asks for these digits`, columns));
  if (selection.notice !== undefined) return style.attention(fitLine(selection.notice, columns));
  if (selection.isTyping)
    return `${style.bold(style.accent('/'))}${selection.filter}${style.dim('▏ Enter keeps it  Esc shows all')}`;
  const { first, last } = keysOf(model, selection);
  const widthOf = (keys: readonly KeyHint[]) =>
    keys.reduce((sum, { key, what }) => sum + columnsOf(key) + what.length + GAP.length + 1, 0);
  // Keys that do not fit are listed in the help.
  const fitting = first.filter(
    (_, index) => widthOf([...first.slice(0, index + 1), ...last]) <= columns + GAP.length,
  );
  return [...fitting, ...last].map(({ key, what }) => `${style.bold(style.accent(key))} ${what}`).join(GAP);
}

const GAP = '  ';

function keysOf(model: WatchModel, selection: WatchSelection) {
  if (selection.isHelp) return { first: [], last: [{ key: 'any key', what: 'back' }] };
  return { first: listKeys(selectedRow(model, selection)), last: fixedKeys(selection) };
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

type ListItem = { row: SessionRow } | { title: string; isFolded: boolean };

function listItems(model: WatchModel, selection: WatchSelection): ListItem[] {
  const shown = visibleRows(model, selection);
  const all = selection.filter ? shown : (model.rows ?? []);
  return GROUPS.flatMap((group): ListItem[] => {
    const isOwn = (row: SessionRow) => row.group === group;
    const [count, own] = [all.filter(isOwn).length, shown.filter(isOwn)];
    if (count === 0) return [];
    const title = `${group.toUpperCase()} ${count}`;
    return [{ title, isFolded: own.length < count }, ...own.map((row) => ({ row }))];
  });
}

/** The list, or the part of it around the selected row if it is too long. */
function listLines(
  items: readonly ListItem[],
  selected: SessionRow,
  { columns, height, style, nowMs }: Part,
): string[] {
  const widths = rowColumns(
    items.flatMap((item) => ('row' in item ? [item.row] : [])),
    columns,
  );
  const at = items.findIndex((item) => 'row' in item && item.row === selected);
  const from = firstShown(at, { height, count: items.length });
  const isCut = height > 1 && from + height < items.length;
  const shown = items.slice(from, from + height - Number(isCut));
  const below = items.slice(from + shown.length).filter((item) => 'row' in item).length;
  const lines = shown.map((item) => {
    if ('row' in item) return rowLine(item.row, { isSelected: item.row === selected, widths, style, nowMs });
    const { title, isFolded } = item;
    const words = style.bold(title.startsWith('NEEDS') ? style.attention(title) : title);
    return isFolded ? `${words} ${style.dim(`· ${STOPPED_KEY} shows them`)}` : words;
  });
  return isCut ? [...lines, style.dim(`  … ${below} more`)] : lines;
}

/** The first line shown: keeps the selected one a third from the top, without empty lines at the end. */
function firstShown(selected: number, { height, count }: { height: number; count: number }): number {
  if (count <= height || selected < 0) return 0;
  return Math.max(0, Math.min(selected - Math.floor(height / 3), count - height));
}

/** Details of the selected session, as far as they fit; the end of its output fills the remaining lines. */
function detailLines(
  row: SessionRow,
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

/** A column of width 0 is omitted. */
interface RowColumns {
  name: number;
  project: number;
  bar: number;
  phase: number;
  doing: number;
  elapsed: number;
  cost: number;
}

/** The width of `▸ ● ` before each row. */
const MARKS = 4;
const BAR = PHASE_NAMES.length;
const LONGEST_PHASE = 14;

/** Chooses the columns: fewer on a narrower screen. */
function rowColumns(rows: readonly SessionRow[], columns: number): RowColumns {
  const longest = Math.max(8, ...rows.map((row) => columnsOf(nameOf(row))));
  const costs = Math.max(0, ...rows.map((row) => costText(row).length));
  const hasSeveralProjects = new Set(rows.map(({ session }) => session.projectDir)).size > 1;
  const fixed = {
    name: Math.min(longest, Math.floor(columns * (hasSeveralProjects ? 0.25 : 0.3))),
    project: hasSeveralProjects && columns >= 72 ? Math.min(16, Math.floor(columns / 8)) : 0,
    bar: BAR,
    phase: columns >= 100 ? LONGEST_PHASE : 0,
    elapsed: 7,
    cost: columns >= 72 ? costs : 0,
  };
  const taken = Object.values(fixed).reduce((sum, width) => sum + (width > 0 ? width + 1 : 0), MARKS);
  return { ...fixed, doing: Math.max(8, columns - taken) };
}

function nameOf({ name, facts }: SessionRow): string {
  return `${name}${wayText(facts)}`;
}

interface RowOptions {
  isSelected: boolean;
  widths: RowColumns;
  style: Style;
  nowMs: number;
}

function rowLine(row: SessionRow, { isSelected, widths, style, nowMs }: RowOptions): string {
  const { facts, group } = row;
  const name = fitLine(nameOf(row));
  const cells: [string, number][] = [
    [isSelected ? style.bold(style.accent(name)) : name, widths.name],
    [style.dim(fitLine(row.project)), widths.project],
    [phaseBar(facts, style), widths.bar],
    [isOver(group) ? style.dim(facts.phase) : facts.phase, widths.phase],
    [activityText(facts, { group, style, nowMs }), widths.doing],
  ];
  const texts = cells.map(([text, width]) =>
    width > 0 ? `${padTo(cutToColumns(text, width), width)} ` : '',
  );
  const elapsed = elapsedText(facts, group, nowMs);
  const right = `${style.dim(elapsed.padStart(widths.elapsed))}${costCell(row, widths.cost)}`;
  const mark = isSelected ? style.bold(style.accent('▸')) : ' ';
  return `${mark} ${symbolOf(facts, group, style)} ${texts.join('')}${right}`;
}

function costCell(row: SessionRow, width: number): string {
  return width === 0 ? '' : ` ${costText(row).padStart(width)}`;
}

function costText(row: SessionRow): string {
  const { costUsd } = row.facts;
  return costUsd ? `${isEstimate(row) ? '~' : ''}$${costUsd.toFixed(2)}` : '';
}

function isEstimate({ session }: SessionRow): boolean {
  return session.view.state.cost.usdIsEstimate === true;
}

const PAINTS: Readonly<Record<Group, keyof Style>> = {
  'needs you': 'attention',
  finished: 'good',
  working: 'accent',
  waiting: 'attention',
  done: 'good',
  stopped: 'dim',
};

function symbolOf({ state }: SessionFacts, group: Group, style: Style): string {
  const isBlocked = group === 'needs you' && state === 'blocked';
  return isBlocked ? style.bad('✘') : style[PAINTS[group]](SIGNS[group]);
}

/** One cell per phase: completed, current or remaining. */
function phaseBar({ phase, way, state, iteration }: SessionFacts, style: Style): string {
  const phases = phasesOf(way, phase as Phase);
  const { length } = phases;
  if (iteration === 0) return style.dim('▱'.repeat(length));
  const at = state === 'done' ? length : phases.indexOf(phase as Phase);
  const present = at < length ? style.accent('▰') : '';
  return `${style.good('▰'.repeat(Math.max(0, at)))}${present}${style.dim('▱'.repeat(Math.max(0, length - at - 1)))}`;
}

function elapsedText({ since }: SessionFacts, group: Group, nowMs: number): string {
  const ms = nowMs - Date.parse(since);
  return group === 'working' ? stopwatch(ms) : age(ms);
}

const MINUTE_MS = 60_000;

/** Whether the list shows seconds: a stopwatch, or a time under a minute. Other times may lag slightly. */
export function countsSeconds(rows: readonly SessionRow[], nowMs: number): boolean {
  const isNear = (time = '') => Math.abs(nowMs - Date.parse(time)) < MINUTE_MS;
  return rows.some(({ facts, group }) => group === 'working' || isNear(facts.since) || isNear(facts.until));
}

/** Kept short, because a narrow screen truncates it. */
function activityText(
  facts: SessionFacts,
  { group, style, nowMs }: Pick<RowOptions, 'style' | 'nowMs'> & { group: Group },
) {
  const { stalled, stops } = facts;
  const gone = goneText(facts);
  if (gone !== undefined) return style.bad(gone);
  if (stops !== undefined) return STOPS[stops];
  if (group !== 'working') return restText(facts, { style, nowMs });
  const now = fitLine(doingText(facts) ?? stateText(facts).brief);
  return stalled ? `${style.bad('seems stalled')} ${now}` : now;
}

function restText(facts: SessionFacts, { style, nowMs }: Pick<RowOptions, 'style' | 'nowMs'>): string {
  const when = (time: string) => `in ${age(Date.parse(time) - nowMs)}`;
  const { brief, why = '', tone } = stateText(facts, { when });
  // The symbol already shows that it is done.
  if (facts.state === 'done') return style.dim(fitLine(why));
  const words = tone === 'plain' ? style.dim(brief) : painted(brief, tone, style);
  return why === '' ? words : `${words}${style.dim(`: ${fitLine(why)}`)}`;
}
