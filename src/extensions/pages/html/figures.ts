import { duration } from '../../../core/kernel/durations.ts';
import { stampsAt } from '../../../core/kernel/files/stamps.ts';
import { type Html, html } from './html.ts';
import type { ReportCost } from './report-data.ts';

/** `$12.40`, `about $0.08`; undefined if the cost is unknown. */
export function money({ usd, usdIsEstimate }: ReportCost): string | undefined {
  return usd === undefined ? undefined : `${usdIsEstimate ? 'about ' : ''}$${usd.toFixed(2)}`;
}

/** `940`, `12.3 k`, `4.1 M`. */
export function compact(count: number): string {
  if (count < 1000) return String(Math.round(count));
  const [scaled, unit] = count < 999_950 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
}

/** Counts tokens as limits and lists do: without those read from a cache. */
export function countedTokens({ inputTokens = 0, outputTokens = 0 }: ReportCost): number {
  return Math.round(inputTokens + outputTokens);
}

/** `1 234 567`, with narrow spaces at which no line breaks; in a text, each number of five digits and more. */
export function grouped(text: string | number): string {
  return String(text).replace(/\d{5,}/g, (digits) => digits.replace(/\B(?=(?:\d{3})+$)/g, '\u202f'));
}

/** A short text that stays on one line. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

export function elapsed(from: string, to: string): string {
  return unbroken(duration(Math.max(0, Date.parse(to) - Date.parse(from))));
}

/** A moment in local time, with the exact time as its title. */
export function moment(at: string): Html {
  return timeElement(at, stampsAt(Date.parse(at)).log);
}

/** A moment on a timeline of a few minutes: without the date, to the second. */
export function momentOfDay(at: string): Html {
  return timeElement(at, stampsAt(Date.parse(at)).second.slice('YYYY-MM-DD '.length));
}

function timeElement(at: string, words: string): Html {
  return html`<time datetime="${at}" title="${at}">${words}</time>`;
}

export function changedLines(added: number, removed: number): Html {
  return html`<ins>+${added}</ins> <del>−${removed}</del>`;
}
