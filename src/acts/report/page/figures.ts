import { duration } from '../../../base/durations.ts';
import { stampsAt } from '../../../base/files/stamps.ts';
import { type Html, html } from './html.ts';
import type { ReportCost } from './report-data.ts';

/** `$12.40`, `about $0.08`; undefined if the cost is unknown. */
export function money({ usd, usdIsEstimate }: ReportCost): string | undefined {
  return usd === undefined ? undefined : `${usdIsEstimate ? 'about ' : ''}$${usd.toFixed(2)}`;
}

/** `940`, `12.3 k`, `4.1 M`. */
export function many(count: number): string {
  if (count < 1000) return String(Math.round(count));
  const [scaled, unit] = count < 999_950 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
}

/** Input and output tokens together. */
export function tokensOf({ inputTokens = 0, outputTokens = 0, cachedTokens = 0 }: ReportCost): number {
  return inputTokens + outputTokens + cachedTokens;
}

function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

export function lasted(from: string, to: string): string {
  return duration(msBetween(from, to));
}

/** A moment in local time, with the exact one as its title. */
export function moment(at: string): Html {
  return timeOf(at, stampsAt(Date.parse(at)).log);
}

/** The same on a line of a few minutes: without the date, to the second. */
export function momentOfDay(at: string): Html {
  return timeOf(at, stampsAt(Date.parse(at)).second.slice('YYYY-MM-DD '.length));
}

function timeOf(at: string, words: string): Html {
  return html`<time datetime="${at}" title="${at}">${words}</time>`;
}
