import { duration } from '../base/durations.ts';
import { counted } from '../base/plain-words.ts';
import { PHASE_NAMES, type Phase } from '../phases/table.ts';
import { lasted, moment, money } from './figures.ts';
import { type Html, html } from './html.ts';
import type { ReportGap, ReportIteration, SessionReportData } from './report-data.ts';
import { type TimeScale, WIDTH } from './time-scale.ts';

type Timeline = Pick<SessionReportData, 'iterations' | 'gaps' | 'until'>;

/** Of each phase its iterations as bars on one line of time, and what came between them. */
export function timeline({ iterations, gaps, until }: Timeline, scale: TimeScale): Html {
  const phases = PHASE_NAMES.filter((phase) => iterations.some((each) => each.phase === phase));
  const bars = (phase: Phase) =>
    iterations.filter((each) => each.phase === phase).map((each) => iterationBar(each, until, scale));
  return html`<div class="lanes">
${phases.map((phase) => lane(phase, iterations, html`${gaps.map((gap) => shade(gap, scale))}${bars(phase)}`))}
${gaps.length > 0 && waitLane(gaps, scale)}
${timeAxis(scale)}
</div>
${scale.isShortened && html`<p class="note">Times without an agent are shortened.</p>`}`;
}

function lane(phase: Phase, iterations: readonly ReportIteration[], shapes: Html): Html {
  const own = iterations.filter((each) => each.phase === phase);
  const worked = own.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return html`<div class="lane p-${phase}"><div class="lane-name"><b>${phase}</b> <span>${own.length} × · ${duration(worked)}</span></div>
<svg viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none" role="img" aria-label="${phase}: ${counted(own.length, 'iteration')}">${shapes}</svg></div>
`;
}

function waitLane(gaps: readonly ReportGap[], scale: TimeScale): Html {
  const ofPerson = gaps.filter(({ isForPerson }) => isForPerson);
  const waited = gaps.reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0);
  return html`<div class="lane p-wait"><div class="lane-name"><b>no agent</b> <span>${duration(waited)}</span></div>
<svg viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none" role="img" aria-label="${counted(ofPerson.length, 'wait')} for a person">${gaps.map(
    (gap) => {
      const { x, width } = extent(gap.from, gap.to, scale);
      return html`<rect class="${gap.isForPerson ? 'wait' : 'idle'}" x="${x}" y="5" width="${width}" height="10" rx="2"><title>${gap.words}, ${lasted(gap.from, gap.to)}</title></rect>`;
    },
  )}</svg></div>
`;
}

function shade({ from, to }: ReportGap, scale: TimeScale): Html {
  const { x, width } = extent(from, to, scale);
  return html`<rect class="gap" x="${x}" y="0" width="${width}" height="20"/>`;
}

function iterationBar(each: ReportIteration, until: string, scale: TimeScale): Html {
  const { x, width } = extent(each.startedAt, each.endedAt ?? until, scale);
  const isBad = each.ending !== undefined && each.ending !== 'signalled';
  const words = [each.ending ?? 'running', duration(each.durationMs), money(each.cost)].filter(Boolean);
  // A bar is for the mouse: the keyboard has the list.
  return html`<a href="#i${each.iteration}" tabindex="-1"><rect class="bar${isBad && ' bad'}" x="${x}" y="3" width="${width}" height="14" rx="1.5"><title>iteration ${each.iteration}: ${words.join(', ')}</title></rect></a>`;
}

/** In the units of the drawing; nothing is too short to be seen. */
export function extent(from: string, to: string, scale: TimeScale): { x: string; width: string } {
  const x = scale.at(from);
  const width = Math.max(2, scale.at(to) - x);
  return { x: Math.min(x, WIDTH - width).toFixed(1), width: width.toFixed(1) };
}

export function timeAxis({ ticks }: TimeScale): Html {
  return html`<div class="lane axis"><div class="lane-name"></div><div class="ticks">${ticks.map(moment)}</div></div>`;
}
