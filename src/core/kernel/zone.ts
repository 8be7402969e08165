/** The IANA name of the time zone of this machine; `UTC` if TZ names none. */
export function zoneHere(): string {
  return knownZoneHere() ?? 'UTC';
}

export function knownZoneHere(): string | undefined {
  // For some values of TZ it is undefined, or a name that no other call accepts.
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return zoneNamed(`${timeZone}`);
}

/** The name of a zone, in its usual letters; undefined if this machine does not know it. */
export function zoneNamed(name: string): string | undefined {
  // A fixed offset is accepted too, but it has no daylight saving, which people expect of a zone.
  if (!/^[a-z]/i.test(name)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    // Of two names for a zone, the one that was written is kept.
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name;
  } catch {
    return undefined;
  }
}

export const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

/** `2026-12-01T07:00` of a wall clock whose time is written as if it were UTC. */
export function minuteOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
}

/** The local day at a moment: `2026-12-01`. */
export function dayAt(ms: number, zone: string): string {
  return minuteOf(wallAt(ms, zone)).slice(0, 'yyyy-mm-dd'.length);
}

/** The wall clock of a zone at a moment, as if it were UTC. */
export function wallAt(ms: number, zone: string): number {
  return ms + offsetMs(offsetAt(ms, zone));
}

/** The UTC offsets at which a zone has that local time: none if clocks skip it, two if it occurs twice. */
export function offsetsAt(wallMs: number, zone: string): string[] {
  const nearby = new Set([wallMs - DAY_MS, wallMs + DAY_MS].map((ms) => offsetAt(ms, zone)));
  return [...nearby].filter((offset) => offsetAt(wallMs - offsetMs(offset), zone) === offset);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `+02:00`. */
function offsetAt(ms: number, timeZone: string): string {
  // One takes a tenth of a millisecond to make, and a search for a time needs many.
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, format);
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return name.slice('GMT'.length) || '+00:00';
}

export function offsetMs(offset: string): number {
  const [, sign, hours = 0, minutes = 0] = /^([+-])(\d\d):?(\d\d)/.exec(offset) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
}
