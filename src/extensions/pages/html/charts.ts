import { duration } from '../../../core/kernel/durations.ts';
import { PHASE_NAMES, type Phase } from '../../../core/kernel/phases/table.ts';
import { counted } from '../../../core/kernel/text.ts';
import { compact, elapsed, moment, momentOfDay, money, tokensText } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import type { ReportGap, ReportIteration, SessionReportData } from './report-data.ts';

type Charted = Pick<SessionReportData, 'iterations' | 'gaps' | 'startedAt' | 'until' | 'cost'>;

/** Draws time and cost of the iterations on a shared timeline. */
export function charts(data: Charted): Part {
  const scale = timeScale(data.startedAt, data.until, data.gaps);
  const isShort = Date.parse(data.until) - Date.parse(data.startedAt) < SHORT_MS;
  const axis = html`<div class="lane axis"><div class="lane-name"></div><div class="ticks">${scale.ticks.map(isShort ? momentOfDay : moment)}</div></div>`;
  // A chart is undefined if there is nothing to draw.
  const spent = [costChart(data, scale), tokenChart(data, scale)].filter((chart) => chart !== undefined);
  return [
    html`<div class="lanes">${lanes(data, scale)}${axis}</div>
${scale.isShortened && html`<p class="note">Times without an agent are shortened.</p>`}`,
    spent.length > 0 && html`<div class="lanes charts">${spent}${axis}</div>`,
  ];
}

/** Maps moments to positions. Times without an agent are shortened, so that they leave room for the work. */
interface TimeScale {
  /** From 0 to `WIDTH`. */
  at(moment: string): number;
  /** Evenly spaced moments, including both ends. */
  ticks: string[];
  isShortened: boolean;
}

/** On a timeline shorter than this, labels show seconds. */
const SHORT_MS = 10 * 60_000;
const WIDTH = 1000;
const TICKS = 5;
/** The maximum length of one gap, and of all gaps, as a share of the time worked. */
const OF_ONE_GAP = 0.05;
const OF_ALL_GAPS = 0.3;

/** @param gaps in order, without overlaps */
export function timeScale(
  startedAt: string,
  until: string,
  gaps: readonly Pick<ReportGap, 'from' | 'to'>[],
): TimeScale {
  const start = Date.parse(startedAt);
  const end = Math.max(start + 1, Date.parse(until));
  const inside = (at: string) => Math.min(Math.max(Date.parse(at), start), end);
  const idle = gaps.map(({ from, to }) => [inside(from), inside(to)] as const);
  const worked = end - start - idle.reduce((sum, [from, to]) => sum + to - from, 0);
  // Without work, no gap needs to be shortened.
  const most = worked > 0 ? worked * Math.min(OF_ONE_GAP, OF_ALL_GAPS / Math.max(1, gaps.length)) : end;
  // Points of a line from time to position, which rises less steeply in a shortened gap.
  const times = [start];
  const places = [0];
  const add = (time: number, length: number) => {
    places.push((places.at(-1) ?? 0) + length);
    times.push(time);
  };
  for (const [from, to] of idle) {
    add(from, from - (times.at(-1) ?? 0));
    add(to, Math.min(to - from, most));
  }
  add(end, end - (times.at(-1) ?? 0));
  const length = places.at(-1) ?? 1;
  const tick = (index: number) => between(places, times, (length * index) / (TICKS - 1));
  return {
    at: (moment) => (between(times, places, inside(moment)) / length) * WIDTH,
    ticks: Array.from({ length: TICKS }, (_, index) => new Date(tick(index)).toISOString()),
    isShortened: length < end - start,
  };
}

/** Interpolates the value of `ys` for `x` between the ascending `xs`. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  const next = Math.max(
    1,
    xs.findIndex((each) => each >= x),
  );
  const [x0 = 0, x1 = 0] = xs.slice(next - 1);
  const [y0 = 0, y1 = 0] = ys.slice(next - 1);
  return x1 > x0 ? y0 + ((x - x0) / (x1 - x0)) * (y1 - y0) : y1;
}

/** Draws the iterations of each phase as bars, and the waits between them. */
function lanes({ iterations, gaps, until }: Charted, scale: TimeScale): Part {
  const phases = PHASE_NAMES.filter((phase) => iterations.some((each) => each.phase === phase));
  const shades = gaps.map(({ from, to }) => rect('gap', extent(from, to, scale), [0, 20]));
  const ofPhase = (phase: Phase) => {
    const own = iterations.filter((each) => each.phase === phase);
    const worked = own.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const bars = own.map((each) => iterationBar(each, until, scale));
    return lane(phase, `${own.length} × · ${duration(worked)}`, counted(own.length, 'iteration'), [
      shades,
      bars,
    ]);
  };
  if (gaps.length === 0) return phases.map(ofPhase);
  const waited = gaps.reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0);
  const ofPerson = gaps.filter(({ isForPerson }) => isForPerson).length;
  const waits = gaps.map(({ from, to, words, isForPerson }) => {
    const title = `${words}, ${elapsed(from, to)}`;
    return rect(isForPerson ? 'wait' : 'idle', extent(from, to, scale), [5, 10], title);
  });
  const people = `${counted(ofPerson, 'wait')} for a person`;
  return [...phases.map(ofPhase), lane('no agent', duration(waited), people, waits)];
}

function lane(name: Phase | 'no agent', words: string, label: string, shapes: Part): Html {
  return html`<div class="lane p-${name}"><div class="lane-name"><b>${name}</b> <span>${words}</span></div>
<svg viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none" role="img" aria-label="${name}: ${label}">${shapes}</svg></div>
`;
}

function iterationBar(each: ReportIteration, until: string, scale: TimeScale): Html {
  const isBad = each.ending !== undefined && each.ending !== 'signalled';
  const words = [each.ending ?? 'running', duration(each.durationMs), money(each.cost)].filter(Boolean);
  const title = `iteration ${each.iteration}: ${words.join(', ')}`;
  const where = extent(each.startedAt, each.endedAt ?? until, scale);
  // Bars are for the mouse only: keyboard users have the list.
  return html`<a href="#i${each.iteration}" tabindex="-1">${rect(isBad ? 'bar bad' : 'bar', where, [3, 14], title)}</a>`;
}

interface Extent {
  x: string;
  width: string;
}

/** The extent of a period in drawing units, never too short to be visible. */
function extent(from: string, to: string, scale: TimeScale): Extent {
  const x = scale.at(from);
  const width = Math.max(2, scale.at(to) - x);
  return { x: Math.min(x, WIDTH - width).toFixed(1), width: width.toFixed(1) };
}

function rect(
  kind: string,
  { x, width }: Extent,
  [y, height]: readonly [number, number],
  title?: string,
): Html {
  return html`<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}">${title && html`<title>${title}</title>`}</rect>`;
}

const HEIGHT = 100;

/** Spreads the cost of each iteration over its time, because only the total is recorded. */
function costChart({ iterations, cost, until }: Charted, scale: TimeScale): Html | undefined {
  const paid = iterations.filter((each) => (each.cost.usd ?? 0) > 0);
  if (paid.length === 0) return undefined;
  const top = niceAbove(paid.reduce((sum, each) => sum + (each.cost.usd ?? 0), 0));
  let spent = 0;
  const points = [`0,${HEIGHT}`];
  const point = (at: string) =>
    points.push(`${scale.at(at).toFixed(1)},${(HEIGHT * (1 - spent / top)).toFixed(1)}`);
  for (const each of paid) {
    point(each.startedAt);
    spent += each.cost.usd ?? 0;
    point(each.endedAt ?? until);
  }
  point(until);
  const last = scale.at(until).toFixed(1);
  const title = html`<b>cost</b> <span>${money(cost) ?? money({ usd: spent })}</span>`;
  const shape = html`<path class="area" d="M${points.join('L')}L${last},${HEIGHT}Z"/><path class="line" d="M${points.join('L')}"/>`;
  const labels = [`$${short(top)}`, `$${short(top / 2)}`, '$0'];
  return plot(title, labels, shape, `cost over time, in total ${money(cost)}`);
}

const PARTS = [
  ['cachedTokens', 'cached'],
  ['inputTokens', 'in'],
  ['outputTokens', 'out'],
] as const;

/** Draws a bar per iteration: cached, input and output tokens. */
function tokenChart({ iterations, cost, until }: Charted, scale: TimeScale): Html | undefined {
  const most = Math.max(0, ...iterations.map(heightOf));
  if (most === 0) return undefined;
  const top = niceAbove(most);
  const title = html`<b>${tokensText(cost) || 'tokens'}</b><span class="legend">${PARTS.map(([, name]) => html`<i class="t-${name}"></i>${name} `)}</span>`;
  const counted = iterations.filter((each) => heightOf(each) > 0);
  const shape = html`${counted.map((each) => tokenBar(each, { until, top, scale }))}`;
  return plot(title, [compact(top), compact(top / 2), '0'], shape, 'tokens of each iteration');
}

function heightOf({ cost }: ReportIteration): number {
  return PARTS.reduce((sum, [key]) => sum + (cost[key] ?? 0), 0);
}

function tokenBar(
  each: ReportIteration,
  { until, top, scale }: { until: string; top: number; scale: TimeScale },
): Html {
  const where = extent(each.startedAt, each.endedAt ?? until, scale);
  let bottom = HEIGHT;
  const parts = PARTS.map(([key, name]) => {
    const height = ((each.cost[key] ?? 0) / top) * HEIGHT;
    bottom -= height;
    return height > 0 && rect(`t-${name}`, where, [bottom, height]);
  });
  const words = PARTS.map(([key, name]) => `${compact(each.cost[key] ?? 0)} ${name}`).join(', ');
  return html`<a href="#i${each.iteration}" tabindex="-1"><title>iteration ${each.iteration}: ${words}, ${duration(each.durationMs)}</title>${parts}</a>`;
}

function plot(title: Html, labels: readonly string[], shape: Html, about: string): Html {
  return html`<div class="lane plot"><div class="lane-name">${title}<div class="ys">${labels.map((label) => html`<span>${label}</span>`)}</div></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${about}"><path class="grid" d="M0,0H${WIDTH}M0,50H${WIDTH}M0,100H${WIDTH}"/>${shape}</svg></div>
`;
}

/** Rounds up to a round number whose half is also round. */
export function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value * 0.999) ?? 10) * power;
}

function short(value: number): string {
  return value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
