import type { SessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { columnsOf, cutToColumns, padTo } from '../../../core/faces/terminal/columns.ts';
import { painted } from '../../../core/faces/terminal/session-words.ts';
import { fitLine, type Style } from '../../../core/faces/terminal/style.ts';
import { age, stopwatch } from '../../../core/kernel/durations.ts';
import { PHASE_NAMES, type Phase, phasesOf, wayText } from '../../../core/kernel/phases/table.ts';
import { doingText, goneText, STOPS, stateText } from '../../../core/session/words/words.ts';
import { type Group, groupOf, isOver } from './groups.ts';
import type { WatchedRow } from './watch-model.ts';

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
export function rowColumns(rows: readonly WatchedRow[], columns: number): RowColumns {
  const longest = Math.max(8, ...rows.map((row) => columnsOf(nameOf(row))));
  const costs = Math.max(0, ...rows.map((row) => costText(row).length));
  const hasSeveralProjects = new Set(rows.map(({ projectDir }) => projectDir)).size > 1;
  const fixed = {
    name: Math.min(longest, Math.floor(columns * 0.3)),
    project: hasSeveralProjects && columns >= 120 ? 16 : 0,
    bar: BAR,
    phase: columns >= 100 ? LONGEST_PHASE : 0,
    elapsed: 7,
    cost: columns >= 72 ? costs : 0,
  };
  const taken = Object.values(fixed).reduce((sum, width) => sum + (width > 0 ? width + 1 : 0), MARKS);
  return { ...fixed, doing: Math.max(8, columns - taken) };
}

function nameOf({ name, facts }: WatchedRow): string {
  return `${name}${wayText(facts)}`;
}

interface RowOptions {
  isSelected: boolean;
  widths: RowColumns;
  style: Style;
  nowMs: number;
}

export function rowLine(row: WatchedRow, { isSelected, widths, style, nowMs }: RowOptions): string {
  const { facts } = row;
  const group = groupOf(facts);
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

function costCell(row: WatchedRow, width: number): string {
  return width === 0 ? '' : ` ${costText(row).padStart(width)}`;
}

function costText({ facts, isEstimate }: WatchedRow): string {
  return facts.costUsd ? `${isEstimate ? '~' : ''}$${facts.costUsd.toFixed(2)}` : '';
}

function symbolOf({ state }: SessionFacts, group: Group, style: Style): string {
  if (group === 'needs you') return state === 'blocked' ? style.bad('✘') : style.attention('●');
  if (group === 'working') return style.accent('◆');
  if (group === 'waiting') return style.attention('○');
  return state === 'done' ? style.good('✔') : style.dim('■');
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
export function countsSeconds(rows: readonly WatchedRow[], nowMs: number): boolean {
  const isNear = (time = '') => Math.abs(nowMs - Date.parse(time)) < MINUTE_MS;
  return rows.some(({ facts }) => groupOf(facts) === 'working' || isNear(facts.since) || isNear(facts.until));
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
