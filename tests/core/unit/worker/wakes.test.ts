import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { LaunchReason } from '../../../../src/core/sandbox/programs/launch-worker.ts';
import { newQa } from '../../../../src/core/session/documents/qa-change.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { restStep } from '../../../../src/core/worker/loop/rest.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { BLOCKED, CREATED, PREPARED } from '../session/events.ts';
import { workerOn } from './worker-on.ts';

const START_MS = Date.UTC(2026, 0, 8, 10);
const QA = newQa({
  title: '26-01-08-x',
  questions: [
    { text: 'Which colour?', options: ['red', 'blue'], suggestion: { letters: ['A'], reason: 'r' } },
  ],
});
const ANSWERED = QA.replace(/^(\*\*)?Answer:.*$/m, (line) => `${line.replace('_waiting_', '')} B`);

const asking = (fileHash: string): NewEvent => ({
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1'] },
  ...{ unconfirmed: [], fileHash },
});
const awaiting = (fileHash: string): NewEvent => ({
  ...{ type: 'parked', for: 'file_update', resumePhase: 'testing', openQuestions: [], unconfirmed: [] },
  ...{ file: 'notes.md', fileHash },
});

/** A worker of a session that came to rest with `rest`, and the observations of whatever started it. */
async function woken(log: TempLog, rest: NewEvent, wake: LaunchReason = {}, clock: Clock = systemClock) {
  await mkdir(log.paths.sessionDir, { recursive: true });
  return await workerOn(log, [CREATED, PREPARED, rest], { wake, clock });
}

const statusOf = ({ writer }: Worker) => writer.state.status;

test('typed answers that stayed unchanged open their gate', async () => {
  await using log = await tempLog();
  const worker = await woken(log, asking(fingerprint(QA)), { rested: fingerprint(ANSWERED) });
  await writeFile(log.paths.qa, ANSWERED);
  expect(await restStep(worker)).toBeUndefined();
  expect(statusOf(worker).kind).toBe('running');
  expect(worker.writer.state.answers).toMatchObject([{ id: 'Q1', text: 'B' }]);
});

test.each<[string, string, LaunchReason]>([
  ['that were not watched', ANSWERED, {}],
  ['that changed after they had settled', `${ANSWERED}\nP.S.\n`, { rested: fingerprint(ANSWERED) }],
  ['of which one is missing', QA, { rested: fingerprint(QA) }],
  ['from before the session waited', ANSWERED, { rested: fingerprint(ANSWERED) }],
])('typed answers %s open no gate, and are not changed', async (_what, text, wake) => {
  await using log = await tempLog();
  const before = _what.startsWith('from before') ? fingerprint(text) : fingerprint('before');
  const worker = await woken(log, asking(before), wake);
  await writeFile(log.paths.qa, text);
  expect(await restStep(worker)).toBe('waiting');
  expect(statusOf(worker)).toMatchObject({ kind: 'waiting', openQuestions: ['Q1'] });
  expect(await readFile(log.paths.qa, 'utf8')).toBe(text);
});

test('an awaited file that was only saved again does not start the session', async () => {
  await using log = await tempLog();
  const worker = await woken(log, awaiting(fingerprint('before')));
  await writeFile(`${log.paths.sessionDir}/notes.md`, 'before');
  expect(await restStep(worker)).toBe('waiting');
});

test('an awaited file from a machine whose clock is slow starts its session', async () => {
  await using log = await tempLog();
  const worker = await woken(log, awaiting(fingerprint('before')));
  const path = `${log.paths.sessionDir}/notes.md`;
  await writeFile(path, 'after');
  const long = new Date('2020-01-01T00:00:00Z');
  await utimes(path, long, long);
  expect(await restStep(worker)).toBeUndefined();
  expect(worker.writer.state).toMatchObject({ status: { kind: 'running' }, progress: { phase: 'testing' } });
});

test('a session whose run folder was removed gets no worker', async () => {
  await using log = await tempLog();
  const worker = await woken(log, BLOCKED);
  await rm(log.paths.runDir, { recursive: true });
  await expect(restStep(worker)).rejects.toThrow('is gone, so the session no longer exists');
});

/** Time passes only in sleeps. */
function sleepingClock() {
  let nowMs = START_MS;
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    nowMs += ms;
  };
  return { now: () => nowMs, monotonic: () => nowMs, sleep, slept };
}

async function limited(log: TempLog, forMs: number, given: { wake?: LaunchReason; clock?: Clock } = {}) {
  const clock = given.clock ?? sleepingClock();
  const until = START_MS + forMs;
  const event: NewEvent = { type: 'limited', until, guessed: false, provider: 'claude' };
  return await woken(log, event, given.wake, clock);
}

test('a limit of a minute is waited out', async () => {
  await using log = await tempLog();
  const clock = sleepingClock();
  const worker = await limited(log, 60_000, { clock });
  expect(await restStep(worker)).toBeUndefined();
  expect(statusOf(worker).kind).toBe('running');
  expect(clock.now()).toBe(START_MS + 60_000);
});

test('a command that arrives during the wait for a limit is taken at once', async () => {
  await using log = await tempLog();
  const clock = sleepingClock();
  const sleep = async (ms: number) => {
    await clock.sleep(ms);
    await mkdir(log.paths.commands, { recursive: true });
    await writeFile(`${log.paths.commands}/01JH0000000000000000000000.json`, '{}');
  };
  const worker = await limited(log, 60_000, { clock: { ...clock, sleep } });
  expect(await restStep(worker)).toBeUndefined();
  expect(statusOf(worker).kind).toBe('limited');
  expect(clock.slept).toHaveLength(1);
});

test('the worker leaves if the limit is longer', async () => {
  await using log = await tempLog();
  const clock = sleepingClock();
  const worker = await limited(log, 60_001, { clock });
  expect(await restStep(worker)).toBe('limited');
  expect(statusOf(worker).kind).toBe('limited');
  expect(clock.slept).toEqual([]);
});

test('a worker whose clock is set back while it waits leaves', async () => {
  await using log = await tempLog();
  const clock = sleepingClock();
  const now = () => clock.now() - (clock.slept.length > 5 ? 86_400_000 : 0);
  const worker = await limited(log, 30_000, { clock: { ...clock, now } });
  expect(await restStep(worker)).toBe('limited');
});

test("a limit whose end the starter observed is over, whatever the worker's clock shows", async () => {
  await using log = await tempLog();
  const worker = await limited(log, 3_600_000, { wake: { limitOver: START_MS + 3_600_000 } });
  expect(await restStep(worker)).toBeUndefined();
  expect(statusOf(worker).kind).toBe('running');
});

test('the end of one limit does not end another', async () => {
  await using log = await tempLog();
  const worker = await limited(log, 3_600_000, { wake: { limitOver: START_MS } });
  expect(await restStep(worker)).toBe('limited');
});

test('a supervisor of another version may say more than a worker knows', () => {
  expect(LaunchReason.parse({ admitted: true, rested: 'x' })).toEqual({ rested: 'x' });
});
