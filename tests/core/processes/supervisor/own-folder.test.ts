// @module-tag ci
import { mkdir, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { acquireLease, type OwnedLease } from '../../../../src/core/kernel/processes/lease.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { runSupervisor } from '../../../../src/core/supervisor/run.ts';
import { MINUTE_MS, scene } from '../../unit/supervisor/scene.ts';

const signal = new AbortController().signal;

test('a folder at the path of leave.json does not stop the supervisor', async () => {
  await using here = await scene();
  await mkdir(here.supervisor.paths.leave);
  expect(await runSupervisor(here.supervisor, { signal })).toBe('nothing_to_watch');
});

test('a pipe that appears there later does not block', async () => {
  await using here = await scene();
  const { paths, clock } = here.supervisor;
  const { sleep } = clock;
  clock.sleep = async (ms) => {
    if (clock.monotonic() < MINUTE_MS) await runCommand('mkfifo', [paths.leave]).catch(() => undefined);
    await sleep(ms);
  };
  expect(await runSupervisor(here.supervisor, { signal })).toBe('nothing_to_watch');
});

test('a supervisor whose folder was removed leaves no lease above that of its successor', async () => {
  await using here = await scene();
  const { paths, clock, host } = here.supervisor;
  await mkdir(paths.leases, { recursive: true });
  await (await acquireLease(paths.leases, { clock, host })).release();
  const { sleep } = clock;
  let successor: OwnedLease | undefined;
  clock.sleep = async (ms) => {
    if (successor === undefined) {
      await rm(paths.leases, { recursive: true });
      successor = await acquireLease(paths.leases, { clock, host });
    }
    await sleep(ms);
  };
  expect(await runSupervisor(here.supervisor, { signal })).toBe('lost');
  await successor?.check();
});
