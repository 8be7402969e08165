import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { knownZoneHere, wallAt, zoneHere } from '../../../../src/core/kernel/zone.ts';
import {
  nextOccurrences,
  occurrencesBetween,
} from '../../../../src/extensions/recurring/schedule/occurrences.ts';
import {
  describeTimes,
  parseSchedule,
} from '../../../../src/extensions/recurring/schedule/parse-schedule.ts';

const BERLIN = 'Europe/Berlin';
const HOUR_MS = 60 * 60_000;

test.each([
  ['mon-fri 02:00', 'mon-fri 02:00 (Europe/Berlin)'],
  ['daily 2:00', 'daily 02:00 (Europe/Berlin)'],
  ['02:00', 'daily 02:00 (Europe/Berlin)'],
  ['14:00, 02:00', 'daily 02:00, 14:00 (Europe/Berlin)'],
  ['sun,wed 23:30 America/New_York', 'wed,sun 23:30 (America/New_York)'],
  ['Saturday - Monday 02:00', 'mon,sat,sun 02:00 (Europe/Berlin)'],
  ['tue 00:00,00:00 europe/berlin', 'tue 00:00 (Europe/Berlin)'],
  ['daily 02:00 asia/kolkata', 'daily 02:00 (asia/kolkata)'],
  ['daily 02:00 Asia/Kolkata', 'daily 02:00 (Asia/Kolkata)'],
  ['mon,tue,wed,fri 23:59 UTC', 'mon-wed,fri 23:59 (UTC)'],
])('"%s" is understood as %s', (written, expected) => {
  expect(describeTimes(parseSchedule(written, BERLIN))).toBe(expected);
});

test.each([
  ['', /days, times and perhaps a zone/],
  ['mon-fri', /days, times and perhaps a zone/],
  ['0 2 * * *', /days, times and perhaps a zone/],
  ['weekly 02:00', /"weekly" is neither a day/],
  ['mon-fri-sun 02:00', /"mon-fri-sun" is neither a day/],
  ['mon- 02:00', /days, times and perhaps a zone/],
  ['mon-, 02:00', /days, times and perhaps a zone/],
  ['mon-lun 02:00', /"mon-lun" is neither a day/],
  ['daily 24:00', /"24:00" is not a time/],
  ['daily 02:00,', /"" is not a time/],
  ['daily 02:00 Europe/Berlim', /knows no time zone of that name/],
  ['daily 02:00 +02:00', /knows no time zone of that name/],
  ['daily 02:00 Europe/Berlin please', /days, times and perhaps a zone/],
  [`daily ${Array.from({ length: 25 }, (_, minute) => `02:${minute + 10}`).join(',')}`, /25 times a day/],
])('"%s" is refused', (written, why) => {
  expect(() => parseSchedule(written, BERLIN)).toThrow(
    expect.objectContaining({ code: 'bad_schedule', why: expect.stringMatching(why) }),
  );
});

test.each(['', ':/etc/localtime', 'Nowhere/City'])(
  'with TZ "%s", a schedule without a zone is refused unless Node.js knows the zone, and times can be shown',
  (name) => {
    vi.stubEnv('TZ', name);
    try {
      expect(wallAt(0, zoneHere())).toBeTypeOf('number');
      const isKnown = knownZoneHere() !== undefined;
      const parse = () => nextOccurrences(parseSchedule('daily 02:00'), 0, 1);
      if (isKnown) expect(parse()).toHaveLength(1);
      else expect(parse).toThrow(expect.objectContaining({ why: expect.stringMatching(/Europe\/Berlin/) }));
      expect(nextOccurrences(parseSchedule('daily 02:00 UTC'), 0, 1)).toEqual([2 * HOUR_MS]);
    } finally {
      vi.unstubAllEnvs();
    }
  },
);

/** A week of runs across a change of the clocks, in UTC. */
const WEEKS = [
  {
    title: 'clocks in Berlin are set forward from 02:00 to 03:00: 02:30 does not exist and runs at 03:00',
    schedule: `daily 02:30 ${BERLIN}`,
    from: '2027-03-26T12:00Z',
    runs: ['2027-03-27T01:30', '2027-03-28T01:00', '2027-03-29T00:30'],
  },
  {
    title: 'clocks in Berlin are set back from 03:00 to 02:00: 02:30 occurs twice and runs once',
    schedule: `daily 02:30 ${BERLIN}`,
    from: '2026-10-23T12:00Z',
    runs: ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
  },
  {
    title: 'clocks in New York are set forward from 02:00 to 03:00',
    schedule: 'sun 02:00,02:59,03:00 America/New_York',
    from: '2027-03-07T12:00Z',
    runs: ['2027-03-14T07:00', '2027-03-21T06:00', '2027-03-21T06:59'],
  },
  {
    title: 'clocks in New York are set back from 02:00 to 01:00',
    schedule: 'sat-mon 01:30 America/New_York',
    from: '2026-10-31T12:00Z',
    runs: ['2026-11-01T05:30', '2026-11-02T06:30', '2026-11-07T06:30'],
  },
  {
    title: 'clocks on Lord Howe Island are set forward by half an hour',
    schedule: 'daily 02:15 Australia/Lord_Howe',
    from: '2027-10-01T20:00Z',
    runs: ['2027-10-02T15:30', '2027-10-03T15:15', '2027-10-04T15:15'],
  },
  {
    title: 'clocks in Santiago skip midnight, and the run is at 01:00',
    schedule: 'sun 00:00 America/Santiago',
    from: '2026-09-04T12:00Z',
    runs: ['2026-09-06T04:00', '2026-09-13T03:00', '2026-09-20T03:00'],
  },
  {
    title: 'a zone without daylight saving',
    schedule: 'mon-fri 02:00 Asia/Kolkata',
    from: '2026-11-26T12:00Z',
    runs: ['2026-11-26T20:30', '2026-11-29T20:30', '2026-11-30T20:30'],
  },
];

test.each(WEEKS)('$title', ({ schedule, from, runs }) => {
  const next = nextOccurrences(parseSchedule(schedule), Date.parse(from), 3);
  expect(next.map((ms) => new Date(ms).toISOString().slice(0, 16))).toEqual(runs);
});

test('of every schedule, the next times ascend, are no earlier than written on the wall, and agree with each other', () => {
  const zones = [
    BERLIN,
    'America/New_York',
    'Australia/Lord_Howe',
    'America/Santiago',
    'Pacific/Apia',
    'UTC',
  ];
  const schedules = fc.record({
    day: fc.constantFrom('daily', 'mon-fri', 'sun', 'sat,sun', 'wed'),
    times: fc.uniqueArray(fc.integer({ min: 0, max: 1439 }), { minLength: 1, maxLength: 3 }),
    zone: fc.constantFrom(...zones),
    fromMs: fc.integer({ min: Date.UTC(2011, 0, 1), max: Date.UTC(2037, 0, 1) }),
  });
  fc.assert(
    fc.property(schedules, ({ day, times, zone, fromMs }) => {
      const written = times.map(
        (minute) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`,
      );
      const schedule = parseSchedule(`${day} ${written.join(',')} ${zone}`);
      const next = nextOccurrences(schedule, fromMs, 4);
      expect(next).toEqual([...new Set(next)].sort((a, b) => a - b));
      expect(next[0]).toBeGreaterThan(fromMs);
      const until = fromMs + 7 * 24 * HOUR_MS;
      expect(occurrencesBetween(schedule, fromMs, until).slice(0, 4)).toEqual(
        next.filter((ms) => ms <= until),
      );
      for (const ms of next) {
        const wall = new Date(wallAt(ms, zone)).toISOString().slice(11, 16);
        // Otherwise the clocks skipped it, and a minute before was on the other side of the gap.
        const isGap = wallAt(ms, zone) - wallAt(ms - 60_000, zone) > 60_000;
        expect(isGap || schedule.times.includes(wall)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});
