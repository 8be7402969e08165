import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { whileTakingCommands } from '../../../../src/core/worker/commands/while-taking-commands.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { inOrder } from '../../../../src/core/worker/loop/run-worker.ts';
import { Stopped } from '../../../../src/core/worker/state/interrupts.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';

async function preparingWorker(log: TempLog): Promise<Worker> {
  const { paths } = log;
  const { writer } = await log.open();
  await writer.append(createdEvent());
  await mkdir(paths.commands, { recursive: true });
  const file = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const own = { clock: systemClock, host: await systemHost(), env: {}, memory: {} };
  const parts = { paths, file, writer, projector: new Projector(paths, file), ...own };
  // A stop uses neither git nor slots nor agents.
  return parts as Partial<Worker> as Worker;
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
