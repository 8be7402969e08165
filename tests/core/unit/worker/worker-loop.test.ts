import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { whileTakingCommands } from '../../../../src/core/worker/commands/while-taking-commands.ts';
import { inOrder, runStep } from '../../../../src/core/worker/loop/run-worker.ts';
import { Blocked, Stopped } from '../../../../src/core/worker/state/interrupts.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { hostWith } from '../../../support/hosts.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { STARTED } from '../../../support/work-events.ts';
import { ASKING, BLOCKED, CREATED, DONE } from '../session/events.ts';
import { restedSession } from './rested-session.ts';
import { workerOn } from './worker-on.ts';

const STILL = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };

const refusal = (log: TempLog) =>
  Object.assign(new Error('refused'), { code: 'EACCES', path: log.paths.commands });

test('a worker leaves a session that is already blocked for the same reason, and the log records the block once', async () => {
  await using log = await tempLog();
  const worker = await workerOn(log, [CREATED], { clock: STILL });
  const step = async () => {
    throw refusal(log);
  };
  expect(await runStep(worker, step)).toBeUndefined();
  expect(await runStep(worker, step)).toBe('blocked');
  const blocks = (await readEvents(log.paths, 0)).filter(({ type }) => type === 'blocked');
  const reason = expect.stringContaining(`: ${log.paths.folder}/commands (EACCES)`);
  expect(blocks).toMatchObject([{ rule: 'file_refused', reason }]);
});

test('a block that a step throws is recorded in the phase of the session, and the worker continues', async () => {
  await using log = await tempLog();
  const worker = await workerOn(log, [CREATED], { clock: STILL });
  const step = async () => {
    throw new Blocked({
      reason: 'Its credentials have changed.',
      needs: 'human_decision',
      rule: 'credentials',
    });
  };
  expect(await runStep(worker, step)).toBeUndefined();
  expect(worker.writer.state.status).toMatchObject({ kind: 'blocked', needs: 'human_decision' });
});

test('a step that a stop interrupts ends in the stop that was asked for, once', async () => {
  await using log = await tempLog();
  const worker = await workerOn(log, [CREATED], { clock: STILL });
  const by = { channel: 'cli' } as const;
  await worker.writer.append({ type: 'stop_requested', by, when: 'now' });
  const step = async () => {
    throw new Stopped();
  };
  expect(await runStep(worker, step)).toBeUndefined();
  expect(await runStep(worker, step)).toBeUndefined();
  const stops = (await readEvents(log.paths, 0)).filter(({ type }) => type === 'stopped');
  expect(stops).toMatchObject([{ by }]);
});

async function preparingWorker(log: TempLog): Promise<Worker> {
  await mkdir(log.paths.commands, { recursive: true });
  return await workerOn(log, [CREATED]);
}

/** Runs until it is aborted. */
async function fetchForever(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  throw signal.reason;
}

test('a stop aborts what is in progress', async () => {
  await using log = await tempLog();
  const worker = await preparingWorker(log);
  const by = { channel: 'cli' } as const;
  const at = '2026-01-08T10:00:00.000Z';
  await leaveCommand(log.paths, { v: 1, id: ulid(), by, at, kind: 'stop', when: 'now' });
  await expect(whileTakingCommands(worker, fetchForever)).rejects.toBeInstanceOf(Stopped);
});

test('after a stop that is taken just as a step ends, no further step is made', async () => {
  await using log = await tempLog();
  const worker = await preparingWorker(log);
  const by = { channel: 'cli' } as const;
  const at = '2026-01-08T10:00:00.000Z';
  await leaveCommand(log.paths, { v: 1, id: ulid(), by, at, kind: 'stop', when: 'now' });
  const made: string[] = [];
  const parts = ['first', 'second'].map(
    (name) => () => whileTakingCommands(worker, async () => made.push(name)),
  );
  await expect(inOrder(worker, parts)).rejects.toBeInstanceOf(Stopped);
  expect(made).toEqual(['first']);
  await expect(inOrder(worker, [() => made.push('an agent')])).rejects.toBeInstanceOf(Stopped);
  expect(made).toEqual(['first']);
});

test('a lost lease aborts what is in progress, even without an event to write', async () => {
  await using log = await tempLog();
  const worker = await preparingWorker(log);
  await log.open({ takeOver: true });
  await expect(whileTakingCommands(worker, fetchForever)).rejects.toMatchObject({ code: 'lease_lost' });
});

test('an error without a stop is thrown', async () => {
  await using log = await tempLog();
  const worker = await preparingWorker(log);
  const failure = new Error('no such remote');
  await expect(whileTakingCommands(worker, () => Promise.reject(failure))).rejects.toBe(failure);
});

const limited = (until: number): NewEvent => ({ type: 'limited', until, guessed: false, provider: 'claude' });

test.each<[string, NewEvent[]]>([
  ['waits', [ASKING]],
  ['is blocked', [BLOCKED]],
  ['is blocked with an iteration that is open', [STARTED, BLOCKED]],
  [
    'has an open iteration of an agent that this build lacks',
    [{ ...STARTED, provider: 'gone' } as NewEvent, BLOCKED],
  ],
  ['is limited for an hour', [limited(Date.now() + 3_600_000)]],
  ['is limited for a few seconds', [limited(Date.now() + 20_000)]],
  ['is queued', [{ type: 'queued', reason: 'full' }]],
])('a stop of a session that %s is recorded by the worker that it starts', async (_how, rest) => {
  await using session = await restedSession(...rest);
  await session.leave({ kind: 'stop', when: 'now' });
  await session.work();
  const { state, pendingCommands } = await session.view();
  expect(state.status).toMatchObject({ kind: 'stopped', by: { channel: 'cli' } });
  expect(pendingCommands).toEqual([]);
  expect((await session.events()).at(-1)).toMatchObject({ type: 'worker_left', why: 'stopped' });
});

test.each<[string, NewEvent[]]>([
  ['stopped', [{ type: 'stopped', by: { channel: 'cli' }, why: 'asked for' }]],
  ['stopped while its checks ran', [STARTED, { type: 'stopped', by: { channel: 'cli' }, why: 'asked for' }]],
  ['done', [DONE]],
])('a stop of a session that is %s starts nothing and reports that nothing runs', async (_how, rest) => {
  await using session = await restedSession(...rest);
  const { sessionsDir, folder } = session.paths;
  const cwd = dirname(sessionsDir);
  await mkdir(join(cwd, 'worktrees'));
  await writeFile(
    join(cwd, '.samocode'),
    `MAIN_REPO=${cwd}\nWORKTREES=${cwd}/worktrees\nSESSIONS=${sessionsDir}\n`,
  );
  const context = {
    ...{ clock: systemClock, host: hostWith([]), env: {}, home: join(cwd, 'home'), cwd },
    ...{ by: { channel: 'cli' as const }, programs: { worker: '/nowhere', rehearsal: '/nowhere' } },
  };
  expect(await stopSession({ session: folder, when: 'now' }, context)).toMatchObject({
    outcome: 'not_running',
  });
  expect(await session.events()).toEqual([]);
});

test('a stop that comes too late is refused with the reason', async () => {
  await using session = await restedSession(DONE);
  await session.leave({ kind: 'stop', when: 'now' });
  await session.work();
  expect(await session.events()).toContainEqual(
    expect.objectContaining({ type: 'command_refused', message: 'The session is already done.' }),
  );
});
