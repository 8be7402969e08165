import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTION_ERRORS } from '../../../../src/core/caller/errors/action-errors.ts';
import { pauseRecurring, resumeRecurring } from '../../../../src/extensions/recurring/recurring.act.ts';
import { ci } from '../../../support/ci.ts';
import { ASKS, BLOCKED, costing, DONE, KEPT, recurringScene, STOPPED, WORKS } from '../recurring-scene.ts';

const HOUR_MS = 60 * 60_000;
const minutesOf = (times: readonly string[]) => times.map((time) => time.slice(5, 16));

/** A week in a zone: when it is due, in UTC. */
const WEEKS = [
  {
    title: 'Berlin in spring, where 02:30 does not exist on the 28th',
    schedule: 'daily 02:30 Europe/Berlin',
    from: '2027-03-26T10:00:00Z',
    until: '2027-04-02T10:00:00Z',
    runs: [
      '03-27T01:30',
      '03-28T01:00',
      '03-29T00:30',
      '03-30T00:30',
      '03-31T00:30',
      '04-01T00:30',
      '04-02T00:30',
    ],
  },
  {
    title: 'Berlin in autumn, where 02:30 occurs twice on the 25th',
    schedule: 'daily 02:30 Europe/Berlin',
    from: '2026-10-22T10:00:00Z',
    until: '2026-10-29T10:00:00Z',
    runs: [
      '10-23T00:30',
      '10-24T00:30',
      '10-25T00:30',
      '10-26T01:30',
      '10-27T01:30',
      '10-28T01:30',
      '10-29T01:30',
    ],
  },
  {
    title: 'New York in spring, on working days',
    schedule: 'mon-fri 02:00 America/New_York',
    from: '2027-03-11T12:00:00Z',
    until: '2027-03-18T12:00:00Z',
    runs: ['03-12T07:00', '03-15T06:00', '03-16T06:00', '03-17T06:00', '03-18T06:00'],
  },
  {
    title: 'New York in autumn, twice a day',
    schedule: 'sat,sun 01:30,13:30 America/New_York',
    from: '2026-10-30T12:00:00Z',
    until: '2026-11-06T12:00:00Z',
    runs: ['10-31T05:30', '10-31T17:30', '11-01T05:30', '11-01T18:30'],
  },
];

test.each(WEEKS)(
  'a week in $title: each run starts once, when it is due, across a restart every four hours',
  async (week) => {
    await using scene = await recurringScene(week.from);
    await scene.add({ when: { schedule: week.schedule } });
    while (scene.clock.nowMs < Date.parse(week.until)) {
      scene.reboot();
      await scene.until(new Date(scene.clock.nowMs + 4 * HOUR_MS).toISOString(), 30 * 60_000);
    }
    expect(minutesOf(scene.started.map(({ run }) => run))).toEqual(week.runs);
    // The steps of this test are half an hour.
    expect(minutesOf(scene.started.map(({ at }) => at))).toEqual(week.runs);
    const { runs, totals } = await scene.report();
    expect(runs.map(({ result }) => result)).toEqual(week.runs.map(() => 'done'));
    expect(totals.runs).toBe(week.runs.length);
    expect(scene.failures).toEqual([]);
  },
);

test(
  'a machine that sleeps makes up for the newest run within the catch-up, and skips and reports the others',
  ci,
  async () => {
    await using scene = await recurringScene('2026-11-23T12:00:00Z');
    await scene.add({ when: { schedule: 'daily 02:00 Europe/Berlin' } });
    await scene.until('2026-11-24T12:00:00Z', HOUR_MS);
    // It sleeps for three nights and wakes five hours after the last run was due.
    scene.clock.nowMs = Date.parse('2026-11-27T06:00:00Z');
    await scene.scan();
    await scene.scan();
    expect(minutesOf(scene.started.map(({ run }) => run))).toEqual(['11-24T01:00', '11-27T01:00']);
    // The next time it wakes seven hours late.
    scene.clock.nowMs = Date.parse('2026-11-28T08:00:00Z');
    await scene.scan();
    await scene.until('2026-11-29T03:00:00Z', HOUR_MS);
    expect(minutesOf(scene.started.map(({ run }) => run))).toEqual([
      '11-24T01:00',
      '11-27T01:00',
      '11-29T01:00',
    ]);
    const { runs } = await scene.report();
    expect(runs.map(({ run, result, skipped, text }) => [run.slice(5, 16), result, skipped, text])).toEqual([
      ['11-29T01:00', 'done', undefined, 'All of it'],
      ['11-28T01:00', 'skipped', undefined, expect.stringMatching(/no supervisor ran .*\(7 h 00 min late\)/)],
      ['11-27T01:00', 'done', undefined, 'All of it'],
      ['11-26T01:00', 'skipped', 2, expect.stringMatching(/a later run was due/)],
      ['11-24T01:00', 'done', undefined, 'All of it'],
    ]);
  },
);

test('without a catch-up, a run that is late by minutes still starts, and one that is late by an hour does not', async () => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  await scene.add({ catchUpMs: 0 });
  scene.clock.nowMs = Date.parse('2026-11-24T01:04:00Z');
  await scene.scan();
  scene.clock.nowMs = Date.parse('2026-11-25T02:00:00Z');
  await scene.scan();
  expect(minutesOf(scene.started.map(({ run }) => run))).toEqual(['11-24T01:00']);
});

test('clocks that are set back, by hours or from a wrong year, neither repeat a run nor end the runs', async () => {
  await using scene = await recurringScene('2026-11-23T23:00:00Z');
  await scene.add();
  await scene.until('2026-11-24T01:30:00Z');
  scene.clock.nowMs = Date.parse('2026-11-23T22:00:00Z');
  await scene.until('2026-11-24T06:00:00Z', HOUR_MS);
  expect(minutesOf(scene.started.map(({ run }) => run))).toEqual(['11-24T01:00']);
  scene.clock.nowMs = Date.parse('2031-05-05T03:00:00Z');
  await scene.scan();
  scene.reboot();
  scene.clock.nowMs = Date.parse('2026-11-24T07:00:00Z');
  await scene.until('2026-11-26T06:00:00Z', HOUR_MS);
  const due = scene.started.map(({ run }) => run.slice(0, 16));
  expect(due).toEqual(['2026-11-24T01:00', '2031-05-05T00:00', '2026-11-25T01:00', '2026-11-26T01:00']);
});

/** Where a supervisor ends while it starts a run. */
const CRASHES = [
  { title: 'before the session exists', crash: { before: new Error('killed') } },
  { title: 'after the session exists', crash: { after: new Error('killed') } },
];

test.each(CRASHES)('a crash $title starts no run twice and loses none', async ({ crash }) => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  await scene.add();
  for (const day of ['24', '25']) {
    scene.crash = crash;
    await scene.until(`2026-11-${day}T01:00:00Z`, HOUR_MS);
    scene.crash = {};
    scene.reboot();
    // Also if the machine is off until the run may not be made up for.
    if (day === '25') scene.clock.nowMs = Date.parse('2026-11-25T11:00:00Z');
    await scene.scan();
    await scene.scan();
  }
  const { runs, totals } = await scene.report();
  const isMade = crash.after !== undefined;
  expect(minutesOf(scene.started.map(({ run }) => run))).toEqual(
    isMade ? ['11-24T01:00', '11-25T01:00'] : ['11-24T01:00'],
  );
  expect(runs.map(({ result }) => result)).toEqual([isMade ? 'done' : 'skipped', 'done']);
  expect(totals.runs).toBe(isMade ? 2 : 1);
});

test('a run whose worker is slow to answer has its session at the next scan', async () => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  await scene.add();
  const pending = ACTION_ERRORS.pending({ session: 's', command: 'start', seconds: 15, isAccepted: true });
  scene.crash = { after: pending };
  await scene.until('2026-11-24T01:00:00Z', HOUR_MS);
  scene.crash = {};
  await scene.scan();
  expect(scene.started).toHaveLength(1);
  const { runs, problem } = await scene.report();
  expect(runs).toMatchObject([{ result: 'done', session: scene.started[0]?.session }]);
  expect(problem).toBeUndefined();
});

test.each(['missing', 'damaged'])('with a %s state, the sessions show which runs there were', async (how) => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  const { recurring } = await scene.add();
  scene.ending = () => [...costing(2), ...DONE];
  await scene.until('2026-11-25T02:00:00Z', HOUR_MS);
  if (how === 'missing') await rm(scene.statePath(recurring.id));
  else await writeFile(scene.statePath(recurring.id), '{"v":1,"runs"');
  scene.reboot();
  await scene.scan();
  await scene.scan();
  expect(scene.started).toHaveLength(2);
  expect((await scene.report()).totals).toEqual({ runs: 2, costUsd: 4, iterations: 2 });
});

test('with a state from a backup, the sessions show which runs there were since, and a folder that claims to be one shows nothing', async () => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  const { recurring } = await scene.add();
  scene.ending = () => [...costing(2), ...DONE];
  await scene.until('2026-11-24T12:00:00Z', HOUR_MS);
  const backup = await readFile(scene.statePath(recurring.id), 'utf8');
  await scene.until('2026-11-26T02:00:00Z', HOUR_MS);
  await writeFile(scene.statePath(recurring.id), backup);
  const { session = '' } = scene.started.at(-1) ?? {};
  const planted = join(scene.project.sessionsDir, '26-11-26-planted');
  await cp(join(scene.project.sessionsDir, session), planted, { recursive: true });
  scene.clock.nowMs = Date.parse('2026-11-26T12:00:00Z');
  scene.reboot();
  await scene.scan();
  const { runs, totals } = await scene.report();
  expect(totals).toEqual({ runs: 3, costUsd: 6, iterations: 3 });
  expect(runs.map((run) => run.session)).toEqual(scene.started.map((run) => run.session).toReversed());
});

test('a supervisor on another machine of the same home starts nothing', async () => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  const { recurring } = await scene.add();
  const path = scene.definitionPath(recurring.id);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(recurring.supervisor, 'another'));
  await scene.until('2026-11-24T06:00:00Z', HOUR_MS);
  expect(scene.started).toEqual([]);
  expect(await scene.report()).toMatchObject({ elsewhere: true });
});

test('what was due while it was paused is not made up for', async () => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  const { recurring } = await scene.add();
  const which = recurring.name;
  await pauseRecurring({ which }, scene.context);
  await scene.until('2026-11-24T03:00:00Z', HOUR_MS);
  expect(await scene.report()).toMatchObject({ paused: { by: 'person' }, next: [] });
  await resumeRecurring({ which }, scene.context);
  await scene.until('2026-11-25T03:00:00Z', HOUR_MS);
  expect(minutesOf(scene.started.map(({ run }) => run))).toEqual(['11-25T01:00']);
});

/** What the last run does when the next one is due. */
const HELD = [
  { title: 'works', ending: WORKS, why: /still works/ },
  { title: 'asks its person', ending: ASKS, why: /needs you/ },
  { title: 'is blocked', ending: BLOCKED, why: /needs you/ },
  { title: 'waits for a kept window', ending: KEPT, why: /^kept: claude has used 75 % of 7 days/ },
];

test.each(HELD)(
  'no run starts while the last one $title, unless they may overlap',
  async ({ ending, why }) => {
    for (const overlap of [false, true]) {
      await using scene = await recurringScene('2026-11-23T12:00:00Z');
      await scene.add({ overlap });
      scene.ending = (number) => (number === 1 ? ending : DONE);
      await scene.until('2026-11-25T04:00:00Z', HOUR_MS);
      expect(scene.started).toHaveLength(overlap ? 2 : 1);
      if (overlap) continue;
      // Within the catch-up, it starts once its person has ended the last one.
      await scene.end(scene.started[0]?.session ?? '', STOPPED);
      await scene.scan();
      expect(minutesOf(scene.started.map(({ run }) => run))).toEqual(['11-24T01:00', '11-25T01:00']);
      scene.ending = () => ending;
      await scene.until('2026-11-26T02:00:00Z', HOUR_MS);
      await scene.until('2026-11-27T09:00:00Z', HOUR_MS);
      const { runs } = await scene.report();
      expect(runs[0]).toMatchObject({ result: 'skipped', text: expect.stringMatching(why) });
    }
  },
);

test('a start that fails for a reason that may pass is tried again, and skipped after the catch-up with that reason', async () => {
  await using scene = await recurringScene('2026-11-23T12:00:00Z');
  await scene.add();
  scene.crash = { before: new Error('no space left on device') };
  await scene.until('2026-11-24T03:00:00Z', HOUR_MS);
  scene.crash = {};
  await scene.until('2026-11-24T04:00:00Z', HOUR_MS);
  scene.crash = { before: new Error('no space left on device') };
  await scene.until('2026-11-25T09:00:00Z', HOUR_MS);
  const { runs } = await scene.report();
  expect(runs).toMatchObject([
    { result: 'skipped', text: expect.stringMatching(/^its start failed for a reason that may pass/) },
    { result: 'done', run: '2026-11-24T01:00:00.000Z', at: '2026-11-24T04:00:00.000Z' },
  ]);
  expect(scene.started).toHaveLength(1);
});
