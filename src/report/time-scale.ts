import type { ReportGap } from './report-data.ts';

/** Places moments on a line of a given width. Times without an agent are shortened: a night would leave no room for the work. */
export interface TimeScale {
  /** From 0 to `WIDTH`. */
  at(moment: string): number;
  /** Moments at even distances, both ends among them. */
  ticks: string[];
  isShortened: boolean;
}

export const WIDTH = 1000;
const TICKS = 5;
/** What a gap may take of the line at most, and all of them together. */
const OF_ONE_GAP = 0.05;
const OF_ALL_GAPS = 0.3;

interface Stretch {
  from: number;
  to: number;
  length: number;
}

export function timeScale(
  startedAt: string,
  until: string,
  gaps: readonly Pick<ReportGap, 'from' | 'to'>[],
): TimeScale {
  const start = Date.parse(startedAt);
  const end = Math.max(start + 1, Date.parse(until));
  const stretches = stretchesOf(start, end, gaps);
  const total = stretches.reduce((sum, { length }) => sum + length, 0);
  const at = (moment: string) => {
    const ms = Math.min(Math.max(Date.parse(moment), start), end);
    let before = 0;
    for (const { from, to, length } of stretches) {
      if (ms <= to) return ((before + share(ms - from, to - from) * length) / total) * WIDTH;
      before += length;
    }
    return WIDTH;
  };
  const momentAt = (place: number) => {
    let left = place * total;
    for (const { from, to, length } of stretches) {
      if (left <= length) return new Date(from + share(left, length) * (to - from)).toISOString();
      left -= length;
    }
    return new Date(end).toISOString();
  };
  return {
    at,
    ticks: Array.from({ length: TICKS }, (_, index) => momentAt(index / (TICKS - 1))),
    isShortened: stretches.some(({ from, to, length }) => length < to - from),
  };
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function stretchesOf(start: number, end: number, gaps: readonly Pick<ReportGap, 'from' | 'to'>[]): Stretch[] {
  const inside: { from: number; to: number }[] = [];
  let free = start;
  for (const gap of gaps) {
    const from = Math.min(Math.max(Date.parse(gap.from), free), end);
    const to = Math.min(Math.max(Date.parse(gap.to), from), end);
    if (to > from) inside.push({ from, to });
    free = Math.max(free, to);
  }
  const idle = inside.reduce((sum, { from, to }) => sum + to - from, 0);
  const worked = end - start - idle;
  const most = worked * Math.min(OF_ONE_GAP, OF_ALL_GAPS / Math.max(1, inside.length));
  const stretches: Stretch[] = [];
  let at = start;
  for (const { from, to } of inside) {
    stretches.push({ from: at, to: from, length: from - at });
    // Where nothing was worked, there is nothing to make room for.
    stretches.push({ from, to, length: worked > 0 ? Math.min(to - from, most) : to - from });
    at = to;
  }
  return [...stretches, { from: at, to: end, length: end - at }];
}
