import { expect, test } from 'vitest';
import { startTime } from '../../../../../src/core/acts/sessions/order-of-start.ts';

const BERLIN = 'Europe/Berlin';
/** 15:30 in Berlin. */
const NOW = Date.UTC(2026, 10, 23, 14, 30);

const timeOf = (written: string, zone = BERLIN, now = NOW) => {
  const at = startTime(written, now, zone);
  return at === 'limit' ? at : new Date(at).toISOString();
};

test.each([
  ['23:00', '2026-11-23T22:00:00.000Z'],
  [' 15:31 ', '2026-11-23T14:31:00.000Z'],
  ['2026-12-01T07:00', '2026-12-01T06:00:00.000Z'],
  ['2026-12-01 07:00', '2026-12-01T06:00:00.000Z'],
  ['2027-07-01T07:00', '2027-07-01T05:00:00.000Z'],
  ['2026-12-01T07:00Z', '2026-12-01T07:00:00.000Z'],
  ['2026-12-01T07:00:30+09:30', '2026-11-30T21:30:30.000Z'],
  ['2026-12-01T07:00-0330', '2026-12-01T10:30:00.000Z'],
  // A time with a zone is never ambiguous.
  ['2027-10-31T02:30+01:00', '2027-10-31T01:30:00.000Z'],
  ['limit', 'limit'],
])('%s is understood as local time in Berlin unless it names a zone', (written, expected) => {
  expect(timeOf(written)).toBe(expected);
});

test('a time without a date refers to the local day', () => {
  expect(timeOf('00:30', 'Asia/Tokyo', Date.UTC(2026, 10, 23, 15, 10))).toBe('2026-11-23T15:30:00.000Z');
});

test.each([
  ['15:30', 'has passed: it is 2026-11-23 15:30 (Europe/Berlin).', 'For tomorrow, write 2026-11-24T15:30.'],
  ['7:05', 'has passed: it is 2026-11-23 15:30 (Europe/Berlin).', 'For tomorrow, write 2026-11-24T07:05.'],
  ['2026-11-23T15:29', 'has passed: it is 2026-11-23 15:30 (Europe/Berlin).', 'Leave it out to start now.'],
  [
    '2027-03-28T02:30',
    'does not exist in Europe/Berlin: clocks are set forward past it.',
    'Choose a time before or after.',
  ],
  [
    '2027-10-31T02:30',
    'occurs twice in Europe/Berlin: clocks are set back.',
    'Say which: 2027-10-31T02:30+02:00 or 2027-10-31T02:30+01:00.',
  ],
  ...[
    'tomorrow',
    '23',
    '24:00',
    '23:60',
    '2027-02-30T07:00',
    '2026-12-01',
    '',
    '11pm',
    '2026-12-01T07:00+1',
  ].map((written) => [
    written,
    'is not a time.',
    'Write it as 23:00, as 2026-12-01T07:00, or as 2026-12-01T07:00+01:00.',
  ]),
])('%s is refused', (written, why, hint) => {
  expect(() => timeOf(written ?? '')).toThrow(
    expect.objectContaining({ code: 'bad_start_time', why: `"${written}" ${why}`, hint }),
  );
});

test('times are skipped and repeated also where clocks change by half an hour', () => {
  // Lord Howe Island, between UTC+10:30 and UTC+11.
  expect(() => timeOf('2027-10-03T02:15', 'Australia/Lord_Howe')).toThrow(/does not exist/);
  expect(() => timeOf('2027-04-04T01:45', 'Australia/Lord_Howe')).toThrow(/occurs twice/);
});
