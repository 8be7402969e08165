import { readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { STALE_BASE } from '../../../../src/core/project/worktrees/base-commit.ts';
import { pauseRecurring, resumeRecurring } from '../../../../src/extensions/recurring/recurring.act.ts';
import type { Recurring, RecurringRunRecord } from '../../../../src/extensions/recurring/recurring.ts';
import { newState, pauseReason, withRun } from '../../../../src/extensions/recurring/runs/run-history.ts';
import { ci } from '../../../support/ci.ts';
import { trustLines } from '../../../support/project.ts';
import {
  ASKS,
  BLOCKED,
  costing,
  DONE,
  type Ending,
  recurringScene,
  STOPPED,
  WORKS,
} from '../recurring-scene.ts';

const HOUR_MS = 60 * 60_000;
const START = '2026-11-01T12:00:00Z';
const LATER = '2026-11-15T12:00:00Z';

const ARCHIVED: Ending = [
  { type: 'archived', by: { channel: 'cli' }, what: 'session', moved: [], to: '_archive' },
];

/** Recurring sessions whose every run fails or costs, and when each stops without a person. */
const RUNAWAYS: ReadonlyArray<{
  title: string;
  input: Parameters<Awaited<ReturnType<typeof recurringScene>>['add']>[0];
  ending: Ending;
  runs: number;
  why: RegExp;
  costUsd: number;
}> = [
  {
    title: 'each run fails and costs, and runs may overlap',
    input: { overlap: true, limits: { costRunUsd: 30, costTotalUsd: 100 } },
    ending: [...costing(7), ...BLOCKED],
    runs: 3,
    why: /^3 runs in a row failed$/,
    costUsd: 21,
  },
  {
    title: 'each run is done and costs, up to the limit for all of them',
    input: { limits: { costRunUsd: 8, costTotalUsd: 20 } },
    ending: [...costing(7), ...DONE],
    runs: 3,
    why: /have cost \$21\.00 of \$20\.00/,
    costUsd: 21,
  },
  {
    title: 'each run is done and costs, until a cent of the limit for all of them is left',
    input: { limits: { costRunUsd: 8, costTotalUsd: 21.01 } },
    ending: [...costing(7), ...DONE],
    runs: 3,
    why: /have cost \$21\.00 of \$21\.01, which leaves too little for another one$/,
    costUsd: 21,
  },
  {
    title: 'each run is done, up to the number of runs',
    input: { limits: { runs: 5 } },
    ending: [...costing(1), ...DONE],
    runs: 5,
    why: /its 5 runs have been started/,
    costUsd: 5,
  },
];

test.each(RUNAWAYS)(
  'a runaway stops without a person: $title',
  async ({ input, ending, runs, why, costUsd }) => {
    await using scene = await recurringScene(START);
    await scene.add(input);
    scene.ending = () => ending;
    await scene.until(LATER, 6 * HOUR_MS);
    expect(scene.started).toHaveLength(runs);
    expect(await scene.report()).toMatchObject({
      paused: { by: 'supervisor', why: expect.stringMatching(why) },
      totals: { runs, costUsd, iterations: runs },
      next: [],
    });
    expect(scene.failures).toEqual([]);
    expect([...scene.told]).toEqual([expect.stringMatching(/:paused:0$/)]);
  },
);

test(
  'a run whose start is refused three times pauses it with the reason, and a resume forgives the failures',
  ci,
  async () => {
    await using scene = await recurringScene(START);
    const { recurring } = await scene.add();
    await scene.loseProject();
    await scene.until('2026-11-06T12:00:00Z', 6 * HOUR_MS);
    const paused = await scene.report();
    expect(paused.runs.map(({ result, text }) => [result, text])).toEqual(
      [1, 2, 3].map(() => ['failed', expect.stringMatching(/^could not be started\. /)]),
    );
    expect(paused).toMatchObject({ paused: { by: 'supervisor' }, totals: { runs: 0 } });
    expect(scene.started).toEqual([]);
    await scene.findProject();
    await resumeRecurring({ which: recurring.id.slice(0, 12) }, scene.context);
    await scene.until('2026-11-08T12:00:00Z', 6 * HOUR_MS);
    expect(scene.started).toHaveLength(2);
    expect(await scene.report()).not.toHaveProperty('paused');
  },
);

test.each<[string, Ending]>([
  ['is done', [...costing(1), ...DONE]],
  ['is blocked', BLOCKED],
  ['works', WORKS],
  ['asks', ASKS],
])('while the session of the last run %s, nothing is written', async (_, ending) => {
  await using scene = await recurringScene(START);
  const { recurring } = await scene.add();
  scene.ending = () => ending;
  await scene.until('2026-11-02T12:00:00Z', 6 * HOUR_MS);
  const written = async () => (await stat(scene.statePath(recurring.id), { bigint: true })).ctimeNs;
  const before = await written();
  for (let scans = 0; scans < 3; scans += 1) await scene.scan();
  expect(await written()).toBe(before);
});

test('a run from a base that could not be fetched says so beside its result', async () => {
  await using scene = await recurringScene(START);
  await scene.add();
  scene.ending = () => [{ type: 'prepared', phase: 'investigation', warnings: [STALE_BASE] }, ...DONE];
  await scene.until('2026-11-02T12:00:00Z', 6 * HOUR_MS);
  expect((await scene.report()).runs[0]).toMatchObject({ result: 'done', text: `${STALE_BASE} All of it` });
});

test('each run gets what is left of the limit for all runs, and runs that still work keep theirs', async () => {
  await using scene = await recurringScene(START);
  const { recurring } = await scene.add({
    overlap: true,
    limits: { costRunUsd: 4, costTotalUsd: 10 },
    choices: { settings: { maxCostUsd: '3.5' } },
  });
  scene.ending = () => [...costing(1), ...ASKS];
  await scene.until('2026-11-06T12:00:00Z', 6 * HOUR_MS);
  // 10 - 4 - 4 = 2, and nothing is left for a fourth while the three wait.
  expect(scene.started.map(({ maxCostUsd }) => maxCostUsd)).toEqual([3.5, 3.5, 2]);
  expect((await scene.report()).runs[0]).toMatchObject({
    result: 'skipped',
    text: expect.stringMatching(/limit for all runs too little is left/),
  });
  // A stopped session can be resumed up to its limit, until it is archived.
  for (const { session } of scene.started) await scene.end(session, STOPPED);
  await scene.until('2026-11-07T00:00:00Z', 6 * HOUR_MS);
  expect(scene.started).toHaveLength(3);
  for (const { session } of scene.started) await scene.end(session, ARCHIVED);
  await scene.until('2026-11-07T12:00:00Z', 6 * HOUR_MS);
  expect(scene.started.map(({ maxCostUsd }) => maxCostUsd)).toEqual([3.5, 3.5, 2, 3.5]);
  await resumeRecurring({ which: recurring.name, limits: { costRunUsd: 1 } }, scene.context);
  scene.ending = () => DONE;
  await scene.until('2026-11-08T12:00:00Z', 6 * HOUR_MS);
  expect(scene.started.at(-1)?.maxCostUsd).toBe(1);
});

test('the state stays bounded, and its totals survive sessions that were removed', async () => {
  await using scene = await recurringScene('2026-01-01T12:00:00Z');
  const { recurring } = await scene.add({ when: { schedule: 'daily 02:00,08:00,14:00,20:00 UTC' } });
  scene.ending = () => [...costing(1), ...DONE];
  await scene.until('2026-01-16T12:00:00Z', 6 * HOUR_MS);
  // A cost is known once a scan has seen it.
  await scene.scan();
  await scene.removeSessions();
  scene.reboot();
  await scene.until('2026-01-16T18:00:00Z', 6 * HOUR_MS);
  await scene.scan();
  const { runs, totals } = await scene.report();
  expect(runs).toHaveLength(50);
  expect(totals).toEqual({ runs: 61, costUsd: 61, iterations: 61 });
  expect((await stat(scene.statePath(recurring.id))).size).toBeLessThan(30_000);
});

test('a run that was working when its session was removed holds no other', async () => {
  await using scene = await recurringScene(START);
  await scene.add();
  scene.ending = () => ASKS;
  await scene.until('2026-11-02T12:00:00Z', HOUR_MS);
  await scene.removeSessions();
  await scene.until('2026-11-03T12:00:00Z', HOUR_MS);
  expect((await scene.report()).runs.map(({ result }) => result)).toEqual(['waits', 'gone']);
});

test('a session that its person resumes counts what it costs later, and its failure no more', async () => {
  await using scene = await recurringScene(START);
  await scene.add({ overlap: true });
  scene.ending = () => [...costing(2), ...BLOCKED];
  await scene.until('2026-11-03T02:00:00Z', HOUR_MS);
  for (const { session } of scene.started) await scene.end(session, DONE);
  await scene.until('2026-11-05T02:00:00Z', HOUR_MS);
  const { runs, paused } = await scene.report();
  expect(runs.map(({ result }) => result)).toEqual(['failed', 'failed', 'done', 'done']);
  expect(paused).toBeUndefined();
});

test('a limit for all runs raises no limit that a session of the project has', async () => {
  await using scene = await recurringScene(START);
  await trustLines(scene.project.repo, 'MAX_COST_USD=2\n');
  await scene.add({ overlap: true, limits: { costTotalUsd: 100 } });
  scene.ending = () => ASKS;
  await scene.until('2026-11-03T12:00:00Z', 6 * HOUR_MS);
  expect(scene.started.map(({ maxCostUsd }) => maxCostUsd)).toEqual([2, 2]);
});

test('a run that is blocked holds the next ones, however many are skipped', async () => {
  await using scene = await recurringScene(START);
  const times = Array.from({ length: 24 }, (_, hour) => `${hour}:00`).join();
  await scene.add({ when: { schedule: `daily ${times} UTC` } });
  scene.ending = () => [...costing(5), ...BLOCKED];
  await scene.until('2026-11-04T00:00:00Z', HOUR_MS);
  expect(scene.started).toHaveLength(1);
  const { runs } = await scene.report();
  expect(runs).toMatchObject([{ result: 'skipped', skipped: 58 }, { result: 'failed' }]);
});

test('the last three failures pause it, although many runs with nothing to do were between them', async () => {
  const runOf = (at: number, result: RecurringRunRecord['result']) => ({
    ...{ run: `${at}`, at: START, resumes: 0, result, text: 'x' },
    ...(result === 'failed' && { session: `s${at}`, archived: true as const }),
  });
  const results = [
    'failed',
    ...Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? 'idle' : 'stopped')),
    ...['failed', 'skipped', 'failed'],
  ] as const;
  const runs = results.map((result, at) => runOf(at, result as RecurringRunRecord['result']));
  const state = runs.reduce(withRun, newState({ createdAt: START }));
  expect(state.runs).toHaveLength(50);
  const { recurring } = { recurring: { limits: {}, resumes: 0 } as Recurring };
  expect(pauseReason(recurring, state)).toBe('3 runs in a row failed');
});

test('why nothing can be started is shown, and pauses it after half a day of attempts', async () => {
  await using scene = await recurringScene(START);
  const { recurring } = await scene.add();
  scene.crash = { before: new Error('no space left on device') };
  await scene.until('2026-11-02T01:00:00Z', HOUR_MS);
  expect(await scene.report()).toMatchObject({ problem: expect.stringMatching(/no space left/) });
  const path = scene.statePath(recurring.id);
  await writeFile(path, (await readFile(path, 'utf8')).replace('"tries": 1', '"tries": 719'));
  scene.clock.pass(HOUR_MS);
  await scene.scan();
  await scene.scan();
  expect(await scene.report()).toMatchObject({
    paused: { by: 'supervisor', why: expect.stringMatching(/^720 attempts to start a run failed: /) },
  });
  await resumeRecurring({ which: recurring.name }, scene.context);
  expect(await scene.report()).not.toHaveProperty('problem');
});

test('a pause that its person asks for while work is read starts no run', async () => {
  await using scene = await recurringScene(START);
  const { recurring } = await scene.add();
  scene.whileReading = async () => await pauseRecurring({ which: recurring.name }, scene.context);
  await scene.until('2026-11-02T12:00:00Z', 6 * HOUR_MS);
  expect(scene.started).toEqual([]);
  expect(await scene.report()).toMatchObject({ paused: { by: 'person' } });
});

test('a start that was cut off and whose project is gone is a failed run, and no lasting error', async () => {
  await using scene = await recurringScene(START);
  await scene.add();
  scene.crash = { before: new Error('killed') };
  await scene.until('2026-11-02T02:00:00Z', HOUR_MS);
  scene.reboot();
  await scene.loseProject();
  scene.failures.length = 0;
  await scene.scan();
  expect(scene.failures).toEqual([]);
  expect((await scene.report()).runs).toMatchObject([{ result: 'failed' }]);
});

test('a limit in dollars that no CLI reports any more refuses a run and a resume', async () => {
  await using scene = await recurringScene(START);
  const { recurring } = await scene.add({ limits: { costRunUsd: 3 } });
  await trustLines(scene.project.repo, 'PROVIDER_TESTING=kiro\n');
  await scene.until('2026-11-02T02:00:00Z', HOUR_MS);
  expect((await scene.report()).runs).toMatchObject([
    { result: 'failed', text: expect.stringMatching(/may not report what a run costs/) },
  ]);
  await expect(resumeRecurring({ which: recurring.name }, scene.context)).rejects.toMatchObject({
    code: 'recurring_cost_unknown',
    what: 'Nothing was changed.',
  });
  expect((await scene.report()).recurring.resumes).toBe(0);
});
