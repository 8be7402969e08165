import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { StartOrder } from '../../../src/session/events/bodies/positions.ts';
import type { NewEvent } from '../../../src/session/events/events.ts';
import type { SessionPaths } from '../../../src/session/layout/paths.ts';
import { Scan } from '../../../src/supervisor/scan.ts';
import { BLOCKED, CREATED, DONE, eventLines, PREPARED } from '../../session/events.ts';
import { type Scene, START_MS, scene } from '../../supervisor/scene.ts';

const BEGUN = [CREATED, PREPARED];
const HOUR_MS = 3_600_000;

const queuedFor = (order: StartOrder): NewEvent[] => [
  CREATED,
  { type: 'queued', reason: 'starts later', order },
];

/** Scans, and scans again a second later. @returns the sessions whose worker was started since the last call */
function startedBy(here: Scene) {
  const scan = new Scan(here.supervisor);
  let seen = 0;
  return async () => {
    await scan.run();
    here.supervisor.clock.pass(1000);
    await scan.run();
    const started = here.started().slice(seen);
    seen += started.length;
    return [...new Set(started)];
  };
}

async function become(paths: SessionPaths, events: readonly NewEvent[]) {
  // As a worker leaves it: the same session, with more behind it.
  await writeFile(paths.events, eventLines(events));
}

test('of a chain of ten, only the session behind one that is done or blocked gets a worker', async () => {
  await using here = await scene();
  const paths: SessionPaths[] = [await here.session('boat-1', { events: BEGUN })];
  for (let number = 2; number <= 10; number += 1)
    paths.push(await here.session(`boat-${number}`, { events: queuedFor({ after: `boat-${number - 1}` }) }));
  const started = startedBy(here);
  expect(await started()).toEqual(['boat-1']);
  for (let number = 2; number <= 5; number += 1) {
    await become(paths[number - 2] ?? expect.fail(), [...BEGUN, DONE]);
    expect(await started()).toEqual([`boat-${number}`]);
  }
  await become(paths[4] ?? expect.fail(), [...BEGUN, BLOCKED]);
  expect(await started()).toEqual(['boat-6']);
});

test('a time is waited for by the wall clock, which may be set, and the supervisor stays for it', async () => {
  await using here = await scene();
  const { clock } = here.supervisor;
  await here.session('later', { events: queuedFor({ at: START_MS + 100 * 24 * HOUR_MS }) });
  const scan = new Scan(here.supervisor);
  expect((await scan.run()) - clock.monotonic()).toBe(100 * 24 * HOUR_MS);
  clock.nowMs += 99 * 24 * HOUR_MS;
  expect((await scan.run()) - clock.monotonic()).toBe(24 * HOUR_MS);
  expect(scan.hasReason()).toBe(true);
  clock.nowMs -= 10 * 24 * HOUR_MS;
  await scan.run();
  expect(here.started()).toEqual([]);
  clock.nowMs += 11 * 24 * HOUR_MS;
  await scan.run();
  expect(here.started()).toEqual(['later']);
});

test('a session and a time have to hold together', async () => {
  await using here = await scene();
  await here.session('boats', { events: [...BEGUN, DONE] });
  await here.session('sails', { events: queuedFor({ after: 'boats', at: START_MS + HOUR_MS }) });
  const started = startedBy(here);
  expect(await started()).toEqual([]);
  here.supervisor.clock.pass(HOUR_MS);
  expect(await started()).toEqual(['sails']);
});

test('a session that asks about another one gets a worker when that changes, and what its person keeps waiting for is not asked again', async () => {
  await using here = await scene();
  const boats = await here.session('boats', { events: [...BEGUN, BLOCKED] });
  const key = 'boats is blocked 2026-01-08T10:00:02.000Z';
  const order = { after: 'boats' };
  const asked: NewEvent = {
    ...{ type: 'parked', for: 'qa_answers', resumePhase: 'init', openQuestions: ['Q1'], unconfirmed: [] },
    order: { question: 'Q1', round: 1, key },
  };
  const answers = [{ id: 'Q1', question: 'x', text: 'A' }];
  const answered: NewEvent = { type: 'answers_recorded', by: { channel: 'cli' }, answers, open: [] };
  await here.session('sails', { events: [CREATED, asked], order });
  await here.session('oars', { events: [CREATED, asked, answered, ...queuedFor(order).slice(1)], order });
  const started = startedBy(here);
  expect(await started()).toEqual([]);
  await become(boats, [...BEGUN, BLOCKED, DONE]);
  expect((await started()).sort()).toEqual(['oars', 'sails']);
});
