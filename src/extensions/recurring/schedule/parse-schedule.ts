import { knownZoneHere, zoneNamed } from '../../../core/kernel/zone.ts';
import { type TimesOfWeek, WEEKDAYS, type Weekday } from '../recurring.ts';
import { RECURRING_ERRORS } from '../recurring-errors.ts';

const DAY = /^(?:sun|mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?$/i;
const TIME = /^(?:[01]?\d|2[0-3]):[0-5]\d$/;

/** More would be a loop rather than a schedule. */
const MAX_TIMES = 24;

/**
 * Parses `mon-fri 02:00`, `daily 02:00,14:00` or `sun,wed 23:30 Europe/Berlin`. Without days it means every day.
 * @param zone the zone of a schedule that names none
 */
export function parseSchedule(written: string, zone = knownZoneHere()): TimesOfWeek {
  const words = written
    .trim()
    .replace(/\s*([,-])\s*/g, '$1')
    .split(/\s+/);
  const bad = (why: string) => RECURRING_ERRORS.bad_schedule({ given: written, why });
  const isTimes = (word = '') => /^\d/.test(word);
  const [days = 'daily', times = '', named, ...more] = isTimes(words[0]) ? ['daily', ...words] : words;
  if (more.length > 0 || !isTimes(times))
    throw bad('It must have days, times and perhaps a zone, in this order.');
  const known = named === undefined ? zone : zoneNamed(named);
  if (known === undefined)
    throw bad(
      named === undefined
        ? 'It names no time zone, and that of this machine is unknown. Add one, such as Europe/Berlin.'
        : `This machine knows no time zone of that name: ${named}.`,
    );
  const wrong = times.split(',').find((time) => !TIME.test(time));
  if (wrong !== undefined) throw bad(`"${wrong}" is not a time such as 02:00.`);
  const sorted = [...new Set(times.split(',').map((time) => time.padStart(5, '0')))].sort();
  if (sorted.length > MAX_TIMES)
    throw bad(`It has ${sorted.length} times a day; at most ${MAX_TIMES} are possible.`);
  const chosen = new Set(days.split(',').flatMap((part) => daysOf(part, bad)));
  return { kind: 'times', days: WEEKDAYS.filter((day) => chosen.has(day)), times: sorted, zone: known };
}

function daysOf(part: string, bad: (why: string) => Error): readonly Weekday[] {
  if (/^(?:daily|every day)$/i.test(part)) return WEEKDAYS;
  const [first, last, ...more] = part.split('-').map((word) => dayNamed(word));
  if (first === undefined || more.length > 0 || (part.includes('-') && last === undefined))
    throw bad(`"${part}" is neither a day such as mon, nor a range such as mon-fri, nor "daily".`);
  if (last === undefined) return [first];
  const [from, to] = [WEEKDAYS.indexOf(first), WEEKDAYS.indexOf(last)];
  return WEEKDAYS.filter((_, day) => (from <= to ? from <= day && day <= to : day >= from || day <= to));
}

function dayNamed(word: string): Weekday | undefined {
  if (!DAY.test(word)) return undefined;
  return WEEKDAYS.find((day) => word.toLowerCase().startsWith(day));
}

/** `mon-fri 02:00 and 14:00 (Europe/Berlin)`. */
export function describeTimes({ days, times, zone }: TimesOfWeek): string {
  return `${describeDays(days)} ${times.join(', ')} (${zone})`;
}

function describeDays(days: readonly Weekday[]): string {
  if (days.length === WEEKDAYS.length) return 'daily';
  // A week begins on Monday for people, and runs of three or more days are ranges.
  const week = [...WEEKDAYS.slice(1), ...WEEKDAYS.slice(0, 1)];
  const runs: Weekday[][] = [];
  for (const [at, day] of week.entries()) {
    if (!days.includes(day)) continue;
    const last = runs.at(-1);
    if (last?.at(-1) === week[at - 1] && last !== undefined) last.push(day);
    else runs.push([day]);
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join(','))).join(',');
}
