// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { StartConditions } from '../../../../src/core/session/events/bodies/positions.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { nextWake, readFilesNow, waitsFor } from '../../../../src/core/session/waits/next-wake.ts';
import { Scan } from '../../../../src/core/supervisor/scan.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { BLOCKED, CREATED, DONE, eventLines, PREPARED } from '../../unit/session/events.ts';
import { type Scene, START_MS, scene } from '../../unit/supervisor/scene.ts';

const BEGUN = [CREATED, PREPARED];
const HOUR_MS = 3_600_000;

const queuedFor = (order: StartConditions): NewEvent[] => [
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

/** What the worker of an asked session judges, and what its question would be about. */
async function judgedByWorker(here: Scene, { sessionsDir, folder }: SessionPaths) {
  const others = await readAllSessions(sessionsDir, here.supervisor.host);
  const view = others.find((each) => each.folder === folder);
  if (view?.sessionFile === undefined) throw new Error('There is no session.');
  const { state, sessionFile: session } = view;
  const waits = waitsFor(view, here.supervisor.identity);
  const files = await readFilesNow(waits, state);
  return nextWake(waits, { state, session, files, others }, { atMs: here.supervisor.clock.now() });
}

const askedAbout = (key: string): NewEvent => ({
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'init', openQuestions: ['Q1'], unconfirmed: [] },
  asks: [{ kind: 'order', question: 'Q1', round: 1, keys: [key] }],
});

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
    asks: [{ kind: 'order', question: 'Q1', round: 1, keys: [key] }],
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

test('supervisor and worker judge a question about two blocked sessions alike, in whatever order they read them', async () => {
  await using here = await scene();
  await here.session('boat-a', { events: [...BEGUN, BLOCKED], group: 'fleet' });
  await here.session('boat-b', { events: [...BEGUN, BLOCKED], group: 'fleet' });
  const order = { afterGroup: 'fleet' };
  const sails = await here.session('sails', { events: queuedFor(order), order });
  const asks = await judgedByWorker(here, sails);
  expect(asks).toMatchObject({ kind: 'ask', about: 'boat-a is blocked, boat-b is blocked' });
  const { key } = asks.kind === 'ask' ? asks : expect.fail();
  await here.session('sails', { events: [CREATED, askedAbout(key)], order });
  expect((await judgedByWorker(here, sails)).kind).toBe('not_yet');
  expect(await startedBy(here)()).toEqual([]);
});

test('two sessions that wait for each other are both asked about, and not again while their persons wait', async () => {
  await using here = await scene();
  const [one, other] = [{ afterGroup: 'g2' }, { afterGroup: 'g1' }];
  const a = await here.session('a', { events: queuedFor(one), order: one, group: 'g1' });
  const b = await here.session('b', { events: queuedFor(other), order: other, group: 'g2' });
  const started = startedBy(here);
  expect((await started()).sort()).toEqual(['a', 'b']);
  const keyOf = async (paths: SessionPaths) => {
    const due = await judgedByWorker(here, paths);
    return due.kind === 'ask' ? due.key : expect.fail(due.kind);
  };
  const [keyA, keyB] = [await keyOf(a), await keyOf(b)];
  await here.session('a', { events: [CREATED, askedAbout(keyA)], order: one, group: 'g1' });
  // The person of the other one has decided to wait.
  const answers = [{ id: 'Q1', question: 'x', text: 'A' }];
  const waits: NewEvent = { type: 'answers_recorded', by: { channel: 'cli' }, answers, open: [] };
  const events = [CREATED, askedAbout(keyB), waits, ...queuedFor(other).slice(1)];
  await here.session('b', { events, order: other, group: 'g2' });
  expect(await started()).toEqual([]);
  // One is started anyway.
  await here.session('a', { events: [...BEGUN, DONE], order: one, group: 'g1' });
  here.supervisor.clock.pass(HOUR_MS);
  expect(await started()).toEqual(['b']);
});

test('a merge by hand is seen within half a minute, and a merge into another branch never', async () => {
  await using here = await scene();
  const repo = await makeRepo();
  await using _repo = repo;
  const baseCommit = await repo.git(['rev-parse', 'main']);
  for (const name of ['boat', 'raft']) {
    await repo.git(['switch', '-q', '-c', `samocode/${name}`, baseCommit]);
    await repo.commit(name, { [`${name}.txt`]: 'x\n' });
    const worktree = { path: '/gone', branch: `samocode/${name}`, base: 'main', baseCommit };
    const prepared: NewEvent = { type: 'prepared', phase: 'init', warnings: [], worktree };
    await here.session(name, { events: [CREATED, prepared, DONE], mainRepo: repo.path });
    const order = { afterMerge: name };
    await here.session(`after-${name}`, { events: queuedFor(order), order });
  }
  await repo.git(['switch', '-q', '-c', 'next', baseCommit]);
  await repo.git(['merge', '-q', '--no-ff', 'samocode/raft']);
  const scan = new Scan(here.supervisor);
  const { clock } = here.supervisor;
  expect((await scan.run()) - clock.monotonic()).toBeLessThanOrEqual(30_000);
  await repo.git(['switch', '-q', 'main']);
  await repo.git(['merge', '-q', '--no-ff', 'samocode/boat']);
  await eventually(async () => {
    clock.pass(30_000);
    await scan.run();
    return here.started().length > 0;
  });
  expect([...new Set(here.started())]).toEqual(['after-boat']);
});
