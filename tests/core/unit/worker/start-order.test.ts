import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { documentText } from '../../../../src/core/session/documents/documents.ts';
import { parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import type { StartConditions } from '../../../../src/core/session/events/bodies/positions.ts';
import type { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { shareLimit } from '../../../../src/core/worker/limits/account.ts';
import { ownOrder, restStep } from '../../../../src/core/worker/loop/rest.ts';
import { record, stateOf, type Worker } from '../../../../src/core/worker/state/worker.ts';
import { hostWith } from '../../../support/hosts.ts';
import { createdEvent } from '../../../support/session-file-sample.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { ARCHIVED, BLOCKED, CREATED, DONE, PREPARED, writeEvents } from '../session/events.ts';
import { HandClock, MINUTE_MS, START_MS } from '../supervisor/scene.ts';
import { workerOn } from './worker-on.ts';

const STOPPED: NewEvent = { type: 'stopped', by: { channel: 'cli' }, why: 'on request' };

/** The worker of a session that has not begun, and what a person or another session does meanwhile. */
async function unbegun(
  order: StartConditions,
  settings: Partial<SessionFile['settings']> = {},
  group?: string,
) {
  const log = await tempLog();
  const { paths } = log;
  const clock = new HandClock();
  await mkdir(paths.sessionDir, { recursive: true });
  const worker = await workerOn(log, [], {
    ...{ file: { order, group }, settings, clock, host: hostWith([]), env: { HOME: paths.runDir } },
    environment: { isJoined: true } as Worker['environment'],
  });
  await worker.writer.append(createdEvent(worker.file));
  return {
    worker,
    clock,
    step: async () => {
      if (ownOrder(worker) === undefined) expect.fail('it has begun');
      return (await restStep(worker)) ?? stateOf(worker).status.kind;
    },
    other: async (folder: string, ...events: NewEvent[]) =>
      await writeEvents(sessionPaths(paths.sessionsDir, folder), [CREATED, PREPARED, ...events]),
    questions: async () => parseQa((await documentText(paths.qa)) ?? '').questions,
    async answer(text: string) {
      const [asked] = parseQa((await documentText(paths.qa)) ?? '').questions.slice(-1);
      if (asked === undefined) expect.fail('nothing was asked');
      const answers = [{ id: asked.id, question: questionHash(asked), text, choice: text }];
      await record(worker, { type: 'answers_recorded', by: { channel: 'cli' }, answers, open: [] });
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

test('a session waits for its time by the wall clock, also when the clock is set back', async () => {
  await using here = await unbegun({ at: START_MS + 30 * MINUTE_MS });
  expect(await here.step()).toBe('queued');
  expect(stateOf(here.worker).status).toMatchObject({
    reason: expect.stringMatching(/^starts at 2026-01-0/),
  });
  expect(await here.step()).toBe('queued');
  here.clock.pass(29 * MINUTE_MS);
  here.clock.nowMs -= 10 * MINUTE_MS;
  expect(await here.step()).toBe('queued');
  here.clock.pass(11 * MINUTE_MS);
  expect(await here.step()).toBe('running');
  expect(ownOrder(here.worker)).toBeUndefined();
});

test('a session that follows another begins once that is done, and its time has come too', async () => {
  await using here = await unbegun({ after: 'boats', at: START_MS + MINUTE_MS });
  await here.other('boats');
  expect(await here.step()).toBe('queued');
  here.clock.pass(2 * MINUTE_MS);
  expect(await here.step()).toBe('queued');
  await here.other('boats', DONE);
  here.clock.pass(-2 * MINUTE_MS);
  expect(await here.step()).toBe('queued');
  here.clock.pass(MINUTE_MS);
  expect(await here.step()).toBe('running');
});

test('a session waits for the end of a usage limit as it is known at that time', async () => {
  await using here = await unbegun({ at: 'limit' }, { provider: 'claude' });
  const until = START_MS + 60 * MINUTE_MS;
  await shareLimit(here.worker, 'claude', { until, guessed: false });
  expect(await here.step()).toBe('queued');
  expect(stateOf(here.worker).status).toMatchObject({ order: { at: until } });
  await shareLimit(here.worker, 'claude', { until: until + MINUTE_MS, guessed: false });
  here.clock.pass(60 * MINUTE_MS);
  expect(await here.step()).toBe('queued');
  expect(await here.step()).toBe('queued');
  expect(stateOf(here.worker).status).toMatchObject({ order: { at: until + MINUTE_MS } });
  here.clock.pass(MINUTE_MS);
  expect(await here.step()).toBe('running');
});

test('without a known usage limit there is none to wait for', async () => {
  await using here = await unbegun({ at: 'limit' }, { provider: 'claude' });
  expect(await here.step()).toBe('running');
});

test('a blocked session before it is asked about once, and no choice of the start answers that', async () => {
  await using here = await unbegun({ after: 'boats' }, { gates: [], acceptSuggestions: true });
  await here.other('boats', BLOCKED);
  expect(await here.step()).toBe('waiting');
  expect(await here.questions()).toMatchObject([
    { text: 'This session is waiting to start after boats, but boats is blocked. What should happen?' },
  ]);
  await here.answer('A');
  expect(await here.step()).toBe('queued');
  expect(await here.step()).toBe('queued');
  expect(await here.questions()).toHaveLength(1);
  // Blocked again, it is something else.
  await here.other('boats', DONE, BLOCKED);
  expect(await here.step()).toBe('waiting');
  expect(await here.questions()).toHaveLength(2);
});

test('a session that is started anyway begins, and its gate for questions is still closed', async () => {
  await using here = await unbegun({ after: 'boats', at: START_MS + MINUTE_MS });
  await here.other('boats', STOPPED);
  expect(await here.step()).toBe('waiting');
  await here.answer('B');
  expect(await here.step()).toBe('running');
  expect(stateOf(here.worker)).toMatchObject({ order: { isOver: true }, oldRounds: 1, answers: [] });
});

test('a question about a session that is resumed or done is withdrawn', async () => {
  await using here = await unbegun({ after: 'boats' });
  await here.other('boats', BLOCKED);
  expect(await here.step()).toBe('waiting');
  expect(await restStep(here.worker)).toBe('waiting');
  await here.other('boats');
  expect(await restStep(here.worker)).toBeUndefined();
  expect(await here.questions()).toMatchObject([
    { answer: 'no longer asked, because the situation has changed' },
  ]);
  expect(await here.step()).toBe('queued');
  await here.other('boats', DONE);
  expect(await here.step()).toBe('running');
});

test('a resume of a session that has not begun starts it now', async () => {
  await using here = await unbegun({ at: START_MS + MINUTE_MS });
  expect(await here.step()).toBe('queued');
  const by = { channel: 'cli' } as const;
  await record(here.worker, { type: 'resumed', by, phase: 'init', resetsCounts: false });
  expect(ownOrder(here.worker)).toBeUndefined();
});

test('a session after a merge begins once git shows that merge, also when the other one is in the archive', async () => {
  const repo = await makeRepo();
  await using _repo = repo;
  await using here = await unbegun({ afterMerge: 'boats' });
  Object.assign(here.worker.env, { PATH: process.env.PATH });
  const baseCommit = await repo.git(['rev-parse', 'main']);
  await repo.git(['switch', '-q', '-c', 'samocode/boats']);
  await repo.commit('Hull', { 'hull.txt': 'hull\n' });
  await repo.git(['switch', '-q', 'main']);
  const worktree = { path: '/gone', branch: 'samocode/boats', base: 'main', baseCommit };
  const prepared: NewEvent = { type: 'prepared', phase: 'init', warnings: [], worktree };
  const boats = async (...events: NewEvent[]) =>
    await writeEvents(
      sessionPaths(here.worker.paths.sessionsDir, 'boats'),
      [CREATED, prepared, ...events],
      undefined,
      {
        mainRepo: repo.path,
      },
    );
  await boats(DONE);
  expect(await here.step()).toBe('queued');
  expect(await here.step()).toBe('queued');
  await repo.git(['merge', '-q', '--squash', 'samocode/boats']);
  await repo.commit('Boats');
  await boats(DONE, ARCHIVED);
  expect(await here.step()).toBe('running');
});

test('a session that waits for itself over two groups is asked about in words that name them', async () => {
  await using here = await unbegun({ afterGroup: 'two' }, {}, 'one');
  const { folder, sessionsDir } = here.worker.paths;
  const more = { group: 'two', order: { afterGroup: 'one' } };
  await writeEvents(sessionPaths(sessionsDir, 'boats'), [CREATED], undefined, more);
  expect(await here.step()).toBe('waiting');
  const chain = `${folder} → group two → boats → group one → ${folder}`;
  const text = `This session is waiting to start after group two, but it waits for itself: ${chain}. What should happen?`;
  expect(await here.questions()).toMatchObject([{ text }]);
  await here.answer('B');
  expect(await here.step()).toBe('running');
});
