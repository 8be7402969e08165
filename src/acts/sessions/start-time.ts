import { zoneHere } from '../../session/start-order.ts';
import { START_ERRORS } from '../common/start-errors.ts';

const DAY_MS = 24 * 60 * 60_000;
const WRITTEN = /^(?:(\d{4}-\d\d-\d\d)[T ])?(\d\d?:\d\d)(?::([0-5]\d))?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * The moment that a person wrote: `23:00` (today), `2026-12-01T07:00`, with or without a zone; `limit` stays as it is.
 * @param zone of times without one
 * @returns milliseconds since the epoch @throws bad_start_time
 */
export function startTime(written: string, nowMs: number, zone = zoneHere()): number | 'limit' {
  const given = written.trim();
  if (given === 'limit') return given;
  const bad = (why: string, hint: string) => START_ERRORS.bad_start_time({ given, why, hint });
  const [, day, time = '', seconds = '0', shift] = WRITTEN.exec(given) ?? [];
  const date = day ?? dayAt(nowMs, zone);
  const minute = `${date}T${time.padStart(5, '0')}`;
  const wallMs = Date.parse(`${minute}Z`);
  // A 30th of February, which Date.parse takes for a day of March.
  if (time === '' || Number.isNaN(wallMs) || minuteOf(wallMs) !== minute)
    throw bad('is not a time', 'Write it as 23:00, as 2026-12-01T07:00, or as 2026-12-01T07:00+01:00.');
  const shifts = shift === undefined ? shiftsAt(wallMs, zone) : [shift];
  const [atMs, later] = shifts.map((each) => wallMs + Number(seconds) * 1000 - shiftMs(each));
  if (atMs === undefined)
    throw bad(`does not exist in ${zone}: clocks are set forward over it`, 'Choose a time before or after.');
  if (later !== undefined)
    throw bad(
      `comes twice in ${zone}: clocks are set back`,
      `Say which: ${shifts.map((each) => minute + each).join(' or ')}.`,
    );
  if (atMs > nowMs) return atMs;
  const tomorrow = `${dayAt(nowMs + DAY_MS, zone)}T${minute.slice('yyyy-mm-ddT'.length)}`;
  throw bad(
    `has passed: it is ${minuteOf(nowMs + shiftMs(shiftAt(nowMs, zone))).replace('T', ' ')} (${zone})`,
    day === undefined ? `For tomorrow, write ${tomorrow}.` : 'Leave it out to start now.',
  );
}

function minuteOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
}

function dayAt(ms: number, zone: string): string {
  return minuteOf(ms + shiftMs(shiftAt(ms, zone))).slice(0, 'yyyy-mm-dd'.length);
}

/** The shifts from UTC with which a zone has that time: none where clocks go forward, two where they go back. */
function shiftsAt(wallMs: number, zone: string): string[] {
  const around = new Set([wallMs - DAY_MS, wallMs + DAY_MS].map((ms) => shiftAt(ms, zone)));
  return [...around].filter((shift) => shiftAt(wallMs - shiftMs(shift), zone) === shift);
}

/** `+02:00`. */
function shiftAt(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(ms);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return name.slice('GMT'.length) || '+00:00';
}

function shiftMs(shift: string): number {
  const [, sign, hours = 0, minutes = 0] = /^([+-])(\d\d):?(\d\d)/.exec(shift) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
