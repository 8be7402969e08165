// @module-tag ci
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeUnclaimedFolder } from '../../../../src/core/acts/sessions/begin-session.ts';
import { sendCommand, untilAnswered } from '../../../../src/core/caller/commands/send-command.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { statsAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { pendingCommandIds } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { eventually } from '../../../support/eventually.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { CREATED, eventLines, PREPARED, writeEvents } from '../../unit/session/events.ts';

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
  await writeFile(worker, note + program.replaceAll('RUN_DIR', JSON.stringify(paths.runDir)));
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

/** A clock that is set by hand, and counts how often a waiter has looked at it. */
function setClock() {
  const time = { ms: 0, looks: 0 };
  const monotonic = () => {
    time.looks += 1;
    return time.ms;
  };
  const clock: Clock = { ...systemClock, monotonic };
  const lookedAt = async (ms: number) => {
    const { looks } = time;
    time.ms = ms;
    await eventually(async () => time.looks > looks + 10);
  };
  return { clock, time, lookedAt };
}

test('a worker that lives and does not start is waited for alone, and given up after five minutes with what it did', async () => {
  await using at = await place([CREATED], 'setInterval(() => {}, 1000);');
  const { clock, time, lookedAt } = setClock();
  const sent = sendCommand(at.paths, start, { ...at.context, clock });
  const refused = expect(sent).rejects.toMatchObject({
    code: 'pending',
    why: expect.stringMatching(
      /^It takes effect once a worker answers\. Its worker, process \d+, did not take the session within 301 s: it has used [\d.]+ s of CPU time, none of it in the last \d+ s\.$/,
    ),
  });
  await eventually(async () => (await at.pids()).length > 0);
  await lookedAt(299_000);
  time.ms = 301_000;
  await refused;
  expect(await at.pids()).toHaveLength(1);
});

test('a call whose client waits 45 seconds says before then that a worker is still starting', async () => {
  await using at = await place([CREATED], 'setInterval(() => {}, 1000);');
  const { clock, time, lookedAt } = setClock();
  const sent = sendCommand(at.paths, start, { ...at.context, clock, callEndsAtMs: 45_000 });
  const refused = expect(sent).rejects.toMatchObject({
    code: 'pending',
    why: expect.stringMatching(/did not take the session within 45 s/),
  });
  await eventually(async () => (await at.pids()).length > 0);
  await lookedAt(44_000);
  time.ms = 45_001;
  await refused;
});

test('a worker that is stopped for longer than a start takes, and then continued, starts', async () => {
  const answer = JSON.stringify(eventLines([CREATED, { ...STARTED, id: 'ID' }]));
  const program = `process.kill(process.pid, 'SIGSTOP');
    const { readdirSync, writeFileSync } = require('node:fs');
    const run = RUN_DIR;
    const id = readdirSync(run + '/commands')[0].slice(0, 26);
    writeFileSync(run + '/events.jsonl', ${answer}.replace('"ID"', JSON.stringify(id)));`;
  await using at = await place([CREATED], program);
  const { clock, lookedAt } = setClock();
  const sent = sendCommand(at.paths, start, { ...at.context, clock });
  const stopped = async () => {
    const [pid] = await at.pids();
    const entry = pid === undefined ? undefined : await at.context.host.processes.read(pid);
    return entry?.state === 'T' ? pid : undefined;
  };
  await eventually(async () => (await stopped()) !== undefined);
  await lookedAt(60_000);
  process.kill((await stopped()) ?? 0, 'SIGCONT');
  expect(await sent).toBe(2);
  expect(await at.pids()).toHaveLength(1);
});

test('a worker that dies at once is reported at once, with its own words', async () => {
  await using at = await place([CREATED], "require('./gone.cjs');");
  const { clock } = setClock();
  const sent = sendCommand(at.paths, start, { ...at.context, clock });
  await expect(sent).rejects.toMatchObject({
    code: 'pending',
    why: expect.stringContaining(
      "Its worker exited before it took the session. It said: Error: Cannot find module './gone.cjs'.",
    ),
  });
  expect(await at.pids()).toHaveLength(1);
  expect(pendingCommandIds(at.paths)).toHaveLength(1);
});

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'a worker whose log the disk refuses is reported at once, and the command stays queued',
  async () => {
    await using at = await place([CREATED]);
    const { workerErrors } = at.paths;
    await mkdir(workerErrors);
    // It cannot be moved aside.
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', workerErrors]);
    try {
      await expect(sendCommand(at.paths, start, at.context)).rejects.toMatchObject({
        code: 'pending',
        why: expect.stringContaining('It said: Error: EBUSY'),
      });
      expect(pendingCommandIds(at.paths)).toHaveLength(1);
    } finally {
      spawnSync('umount', ['--lazy', workerErrors]);
    }
  },
);

test.concurrent('a worker that ended without taking the command is replaced', async () => {
  await using at = await place([CREATED]);
  const sent = sendCommand(at.paths, start, { ...at.context, clock: quickClock(5) });
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
