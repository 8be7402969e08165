import { duration } from '../../../core/kernel/durations.ts';
import { PHASE_NAMES, type Phase } from '../../../core/kernel/phases/table.ts';
import { elapsed, moment, momentOfDay, money } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import type { ReportGap, ReportIteration, SessionReportData } from './report-data.ts';

type Charted = Pick<SessionReportData, 'iterations' | 'gaps' | 'startedAt' | 'until' | 'cost'>;

/** In drawing units. */
const WIDTH = 1000;
const MAX_TICKS = 5;
/** On a timeline shorter than this, labels show seconds. */
const SHORT_MS = 10 * 60_000;

/** Draws the iterations, the waits and the cost of a session on one timeline. */
export function timeline({ iterations, gaps, startedAt, until, cost }: Charted): Html {
  const start = Date.parse(startedAt);
  const length = Math.max(1, Date.parse(until) - start);
  // The clock may have been set back.
  const at: Scale = (time) => Math.min(Math.max((Date.parse(time) - start) / length, 0), 1) * WIDTH;
  const lastTick = tickCount(length) - 1;
  const ticks = Array.from({ length: lastTick + 1 }, (_, index) => {
    const tick = new Date(start + (length * index) / lastTick).toISOString();
    return length < SHORT_MS ? momentOfDay(tick) : moment(tick);
  });
  const phases = PHASE_NAMES.filter((phase) => iterations.some((each) => each.phase === phase));
  return html`<div class="lanes">${phases.map((phase) => {
    const own = iterations.filter((each) => each.phase === phase);
    return phaseLane(phase, own, (each) => extent(each.startedAt, agentEnd(each) ?? until, at));
  })}${gaps.length > 0 && gapLane(gaps, at)}${costLane({ iterations, cost, until }, at)}
<div class="lane axis"><div class="lane-name"></div><div class="ticks">${ticks}</div></div></div>`;
}

/** As many as have different labels, of seconds or of minutes. */
function tickCount(lengthMs: number): number {
  return Math.min(MAX_TICKS, Math.max(2, Math.floor(lengthMs / 1000) + 1));
}

/** An iteration ends with checks, during which no agent works. */
function agentEnd({ startedAt, endedAt, durationMs }: ReportIteration): string | undefined {
  if (endedAt === undefined) return undefined;
  const agentMs = Date.parse(startedAt) + durationMs;
  return new Date(Math.min(agentMs, Math.max(Date.parse(endedAt), Date.parse(startedAt)))).toISOString();
}

/** Maps a moment to a position from 0 to `WIDTH`. */
type Scale = (moment: string) => number;

function phaseLane(phase: Phase, own: readonly ReportIteration[], where: (each: ReportIteration) => Part) {
  const worked = own.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const bars = own.map((each) => {
    const isBad = each.ending !== undefined && each.ending !== 'signalled';
    const words = [each.ending ?? 'running', duration(each.durationMs), money(each.cost)].filter(Boolean);
    return html`<a href="#i${each.iteration}" tabindex="-1"><rect class="bar${isBad && ' bad'}" ${where(each)} y="3" height="14"><title>iteration ${each.iteration}: ${words.join(', ')}</title></rect></a>`;
  });
  return lane(phase, `${own.length} × · ${duration(worked)}`, bars);
}

function gapLane(gaps: readonly ReportGap[], at: Scale): Html {
  const waitedMs = gaps.reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0);
  const waits = gaps.map(
    ({ from, to, words, isForPerson }) =>
      html`<rect class="${isForPerson ? 'wait' : 'idle'}" ${extent(from, to, at)} y="5" height="10"><title>${words}, ${elapsed(from, to)}</title></rect>`,
  );
  return lane('no agent', duration(waitedMs), waits);
}

/** Spreads the cost of each iteration over its time, because only the total is recorded. */
function costLane(
  { iterations, cost, until }: Pick<Charted, 'iterations' | 'cost' | 'until'>,
  at: Scale,
): Part {
  const total = iterations.reduce((sum, each) => sum + (each.cost.usd ?? 0), 0);
  if (total === 0) return undefined;
  let spent = 0;
  const point = (time: string) => `${at(time).toFixed(1)},${(20 * (1 - spent / total)).toFixed(1)}`;
  const points = iterations.flatMap((each) => {
    const before = point(each.startedAt);
    spent += each.cost.usd ?? 0;
    return [before, point(agentEnd(each) ?? until)];
  });
  const line = html`<path class="area" d="M0,20L${points.join('L')}L${point(until)}V20Z"/>`;
  return lane('cost', money(cost) ?? money({ usd: total }) ?? '', line);
}

/** The drawing is for the mouse: its name and figures are text beside it, and the list has each iteration. */
function lane(name: Phase | 'no agent' | 'cost', words: string, shapes: Part): Html {
  return html`<div class="lane"><div class="lane-name"><b>${name}</b> <span>${words}</span></div>
<svg viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none" aria-hidden="true">${shapes}</svg></div>
`;
}

/** The position and width of a bar, never too short to be visible. */
function extent(from: string, to: string, at: Scale): Html {
  const width = Math.max(2, at(to) - at(from));
  return html`x="${Math.min(at(from), WIDTH - width).toFixed(1)}" width="${width.toFixed(1)}"`;
}
