import { DAY_MS, dayAt, offsetMs, offsetsAt, wallAt } from '../../../core/kernel/zone.ts';
import { type TimesOfWeek, WEEKDAYS } from '../recurring.ts';

/** Longer than the gap between two occurrences of any schedule. */
const WEEK_MS = 8 * DAY_MS;
const MINUTE_MS = 60_000;

/**
 * The next times after a moment, in milliseconds since the epoch. A time that clocks skip counts at the end of the gap,
 * and one that occurs twice counts the first time.
 */
export function nextOccurrences(schedule: TimesOfWeek, afterMs: number, count: number): number[] {
  const found: number[] = [];
  // A day before, because a gap can move the last time of that day past midnight.
  for (let day = dayMs(afterMs, schedule) - DAY_MS; found.length < count; day += DAY_MS)
    for (const atMs of occurrencesOn(day, schedule)) if (atMs > (found.at(-1) ?? afterMs)) found.push(atMs);
  return found.slice(0, count);
}

/**
 * The occurrences after `afterMs` up to `untilMs`, oldest first. If that is more than a week, only those of the last
 * week: enough to find the newest one, however long the machine was off.
 */
export function occurrencesBetween(schedule: TimesOfWeek, afterMs: number, untilMs: number): number[] {
  const found: number[] = [];
  const from = Math.max(afterMs, untilMs - WEEK_MS);
  for (let last = from; ; ) {
    const [next] = nextOccurrences(schedule, last, 1);
    if (next === undefined || next > untilMs) return found;
    found.push(next);
    last = next;
  }
}

function dayMs(ms: number, { zone }: TimesOfWeek): number {
  return Date.parse(`${dayAt(ms, zone)}T00:00Z`);
}

/** @param day its midnight, as if the zone were UTC */
function occurrencesOn(day: number, { days, times, zone }: TimesOfWeek): number[] {
  const name = WEEKDAYS[new Date(day).getUTCDay()];
  if (name === undefined || !days.includes(name)) return [];
  const [date = ''] = new Date(day).toISOString().split('T');
  // Two times in one gap are one occurrence.
  return [...new Set(times.map((time) => momentOf(Date.parse(`${date}T${time}Z`), zone)))].sort(
    (a, b) => a - b,
  );
}

/** The moment of a local time: the first one if it occurs twice, and the end of the gap if clocks skip it. */
function momentOf(wallMs: number, zone: string): number {
  const moments = offsetsAt(wallMs, zone).map((offset) => wallMs - offsetMs(offset));
  if (moments.length > 0) return Math.min(...moments);
  let [before, after] = [wallMs - DAY_MS, wallMs + DAY_MS];
  while (after - before > MINUTE_MS) {
    const middle = before + Math.floor((after - before) / 2 / MINUTE_MS) * MINUTE_MS;
    if (wallAt(middle, zone) < wallMs) before = middle;
    else after = middle;
  }
  return after;
}
