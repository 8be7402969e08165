// @module-tag ci
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeUnclaimedFolder } from '../../../../src/core/acts/sessions/begin-session.ts';
import { sendCommand, untilAnswered } from '../../../../src/core/caller/commands/send-command.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { statsAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { pendingCommandIds } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { CREATED, PREPARED, writeEvents } from '../../unit/session/events.ts';

const ID = '01JH0000000000000000000001';
const BY = { channel: 'cli' } as const;
const STARTED: NewEvent = { type: 'command_accepted', id: ID, kind: 'start', by: BY };
const REFUSED: NewEvent = {
  type: 'command_refused',
  id: ID,
  kind: 'start',
  code: 'no_way',
  message: 'No.',
  hint: 'Ask again.',
};

/** A session without a worker, and a worker program that only reports that it was started. */
async function place(events: readonly NewEvent[], program = '') {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, events);
  const worker = join(dir.path, 'worker.cjs');
  const started = join(dir.path, 'started');
  const note = `require('node:fs').appendFileSync(${JSON.stringify(started)}, process.pid + '\\n');`;
  await writeFile(worker, note + program);
  const host = await systemHost();
  const context: ActionContext = {
    host,
    clock: systemClock,
    env: {},
    home: dir.path,
    cwd: dir.path,
    by: BY,
    programs: { worker, rehearsal: worker },
  };
  const pids = async () =>
    ((await ifExists(readFile(started, 'utf8'))) ?? '').split('\n').filter(Boolean).map(Number);
  return {
    paths,
    context,
    pids,
    async [Symbol.asyncDispose]() {
      for (const pid of await pids()) if (await host.processes.read(pid)) process.kill(pid, 'SIGKILL');
      await dir[Symbol.asyncDispose]();
    },
  };
}

const start = { kind: 'start', run: true } as const;

/** Timeouts expire four times sooner. */
const QUICK = { ...systemClock, monotonic: () => systemClock.monotonic() * 4 };

test('a waiter for a command that was already accepted gets that answer, and no worker is started', async () => {
  await using at = await place([STARTED, CREATED, PREPARED]);
  expect(await untilAnswered(at.paths, { id: ID, kind: 'start' }, at.context)).toBe(1);
  expect(pendingCommandIds(at.paths)).toEqual([]);
  expect(await at.pids()).toEqual([]);
});

test('a waiter for a command that was already refused gets the same text', async () => {
  await using at = await place([CREATED, REFUSED, PREPARED]);
  const again = untilAnswered(at.paths, { id: ID, kind: 'start' }, at.context);
  await expect(again).rejects.toMatchObject({ code: 'no_way', why: 'No.', hint: 'Ask again.' });
});

test.concurrent('a worker that starts slowly is waited for, and no further ones are started', async () => {
  await using at = await place([CREATED], 'setInterval(() => {}, 1000);');
  const sent = sendCommand(at.paths, start, { ...at.context, clock: QUICK });
  await expect(sent).rejects.toMatchObject({ code: 'pending' });
  expect(await at.pids()).toHaveLength(1);
});

test.concurrent('a worker that ended without taking the command is replaced', async () => {
  await using at = await place([CREATED]);
  const sent = sendCommand(at.paths, start, { ...at.context, clock: QUICK });
  await expect(sent).rejects.toMatchObject({ code: 'pending' });
  expect((await at.pids()).length).toBeGreaterThan(1);
});

test('a run folder that a worker has taken is not removed', async () => {
  await using at = await place([]);
  const { paths, context } = at;
  await acquireLease(paths.leases, context);
  expect(await removeUnclaimedFolder(paths, context)).toBe(false);
  expect(statsAt(paths.sessionFile)).toBeDefined();
});

test('a run folder with events is not removed, while one that no worker took is removed with its contents', async () => {
  await using at = await place([CREATED]);
  await using other = await place([]);
  await rm(other.paths.events);
  expect(await removeUnclaimedFolder(at.paths, at.context)).toBe(false);
  expect(await removeUnclaimedFolder(other.paths, other.context)).toBe(true);
  expect([statsAt(at.paths.sessionFile), statsAt(other.paths.runDir)]).toEqual([
    expect.anything(),
    undefined,
  ]);
});
