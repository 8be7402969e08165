import { expect, test } from 'vitest';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { runStep } from '../../../../src/core/worker/loop/run-worker.ts';
import { Blocked, Stopped } from '../../../../src/core/worker/state/interrupts.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';

async function workerOn(log: TempLog): Promise<Worker> {
  const { paths } = log;
  const { writer } = await log.open();
  await writer.append(createdEvent());
  const file = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };
  const parts = { paths, file, writer, clock, projector: new Projector(paths, file) };
  // With no open iteration, no agent is checked.
  return parts as Partial<Worker> as Worker;
}

const refusal = (log: TempLog) =>
  Object.assign(new Error('refused'), { code: 'EACCES', path: log.paths.commands });

test('a worker leaves a session that is already blocked for the same reason, and the log records the block once', async () => {
  await using log = await tempLog();
  const worker = await workerOn(log);
  const step = async () => {
    throw refusal(log);
  };
  expect(await runStep(worker, step)).toBeUndefined();
  expect(await runStep(worker, step)).toBe('blocked');
  const blocks = (await readEvents(log.paths, 0)).filter(({ type }) => type === 'blocked');
  const reason = expect.stringContaining(`: .run/${log.paths.folder}/commands (EACCES)`);
  expect(blocks).toMatchObject([{ rule: 'file_refused', reason }]);
});

test('a block that a step throws is recorded in the phase of the session, and the worker continues', async () => {
  await using log = await tempLog();
  const worker = await workerOn(log);
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
  const worker = await workerOn(log);
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
