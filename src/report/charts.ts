import { duration } from '../base/durations.ts';
import { many, money, tokensOf } from './figures.ts';
import { type Html, html } from './html.ts';
import type { ReportIteration, SessionReportData } from './report-data.ts';
import { type TimeScale, WIDTH } from './time-scale.ts';
import { extent, timeAxis } from './timeline.ts';

type Charted = Pick<SessionReportData, 'iterations' | 'cost' | 'until'>;

const HEIGHT = 100;

/** What was spent, along the same line of time as the phases. Undefined where the CLIs report neither money nor tokens. */
export function charts(data: Charted, scale: TimeScale): Html | undefined {
  const drawn = [costChart(data, scale), tokenChart(data, scale)].filter((chart) => chart !== undefined);
  return drawn.length === 0 ? undefined : html`<div class="lanes charts">${drawn}${timeAxis(scale)}</div>`;
}

/** Grows while an agent works: what it has cost in between is not recorded. */
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
  return plot(
    title,
    [`$${short(top)}`, `$${short(top / 2)}`, '$0'],
    shape,
    `cost over time, in all ${money(cost)}`,
  );
}

const PARTS = [
  ['cachedTokens', 'cached'],
  ['inputTokens', 'in'],
  ['outputTokens', 'out'],
] as const;

/** Of each iteration a bar: from the cache, new, written. */
function tokenChart({ iterations, cost, until }: Charted, scale: TimeScale): Html | undefined {
  const counted = iterations.filter((each) => tokensOf(each.cost) > 0);
  if (counted.length === 0) return undefined;
  const top = niceAbove(Math.max(...counted.map((each) => tokensOf(each.cost))));
  const title = html`<b>tokens</b> <span>${many(tokensOf(cost))}</span><span class="legend">${PARTS.map(([, name]) => html`<i class="t-${name}"></i>${name} `)}</span>`;
  const shape = html`${counted.map((each) => tokenBar(each, { until, top, scale }))}`;
  return plot(title, [many(top), many(top / 2), '0'], shape, 'tokens of each iteration');
}

function tokenBar(
  each: ReportIteration,
  { until, top, scale }: { until: string; top: number; scale: TimeScale },
): Html {
  const { x, width } = extent(each.startedAt, each.endedAt ?? until, scale);
  let bottom = HEIGHT;
  const parts = PARTS.map(([key, name]) => {
    const height = ((each.cost[key] ?? 0) / top) * HEIGHT;
    bottom -= height;
    return (
      height > 0 &&
      html`<rect class="t-${name}" x="${x}" y="${bottom.toFixed(2)}" width="${width}" height="${height.toFixed(2)}"/>`
    );
  });
  const words = PARTS.map(([key, name]) => `${many(each.cost[key] ?? 0)} ${name}`).join(', ');
  return html`<a href="#i${each.iteration}" tabindex="-1"><title>iteration ${each.iteration}: ${words}, ${duration(each.durationMs)}</title>${parts}</a>`;
}

function plot(title: Html, labels: readonly string[], shape: Html, said: string): Html {
  return html`<div class="lane plot"><div class="lane-name">${title}<div class="ys">${labels.map((label) => html`<span>${label}</span>`)}</div></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${said}"><path class="grid" d="M0,0H${WIDTH}M0,50H${WIDTH}M0,100H${WIDTH}"/>${shape}</svg></div>
`;
}

/** The next of a few short numbers times a power of ten: half of it is short too. */
export function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value * 0.999) ?? 10) * power;
}

function short(value: number): string {
  return value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
