import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { poolMachines } from '../../../support/machines/pool-machines.ts';
import { startWork, takeOver, untilDone, violationsOf } from '../../../support/machines/takeover.ts';

/** Seconds, where a pool has minutes. */
const TIMES = { leaseMs: 10_000, renewMs: 2000, graceMs: 500, scanMs: 500 };

test('a machine of which every process is killed at once loses its session to another, which finishes and verifies it', async () => {
  await using pool = await poolMachines({ times: TIMES });
  const { violations, commits } = await takeOver(pool, 'killed', 'hull');
  expect(violations).toEqual([]);
  expect(commits.published).toBeGreaterThan(0);
});

test('a takeover survives that the database fails over to its standby', async () => {
  await using pool = await poolMachines({ times: TIMES });
  expect((await takeOver(pool, 'promoted', 'hull')).violations).toEqual([]);
});

test('machines share their sessions over ssh', async () => {
  await using pool = await poolMachines({ times: TIMES, over: 'ssh' });
  const [{ home }] = pool.machines;
  expect(await readFile(join(home, '.config/samocode/pool.json'), 'utf8')).toContain('"ssh://root@');
  expect((await takeOver(pool, 'cut', 'hull')).violations).toEqual([]);
});

/** Of Debian's package `faketime`: namespaces have no clock that tells the time of day. */
const FAKETIME = 'faketime/libfaketime.so.1';

test('a clock that is five minutes ahead changes neither lease nor order', async () => {
  const library = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/${FAKETIME}`;
  await access(library);
  const etc = { bert: { 'ld.so.preload': `${library}\n`, faketimerc: '+5m\n' } };
  await using pool = await poolMachines({ times: TIMES, etc });
  const [anna, bert] = pool.machines;
  const now = async ({ box }: typeof anna) => Number(await box.exec(['date', '+%s']));
  expect((await now(bert)) - (await now(anna))).toBeGreaterThan(290);
  for (const failure of ['killed', 'cut'] as const)
    expect((await takeOver(pool, failure, `hull-${failure}`)).violations).toEqual([]);
});

test('a machine that starts again with its disk continues its session', async () => {
  await using pool = await poolMachines({ times: TIMES, names: ['anna'] });
  const work = await startWork(pool, 'hull');
  await work.first.die();
  await work.first.boot();
  expect(await violationsOf(work, [])).toEqual([]);
  expect((await untilDone(work.first, 'hull')).state.workedOn).toEqual(['anna']);
});

test('work is kept when the disk is full, and continues once there is space again', async () => {
  await using pool = await poolMachines({ times: TIMES, names: ['anna'], disks: { anna: 100 } });
  const work = await startWork(pool, 'hull');
  const { box, samocode } = work.first;
  await box.exec(['sh', '-c', 'cat /dev/zero >/srv/filler || true']);
  const gone = async () => (await samocode('supervisor', '--status')).includes('worker is gone');
  await eventually(gone, { what: 'a worker that could not write' });
  for (const words of [['status', 'hull'], ['pool']])
    expect(await samocode(...words)).toMatch(/The disk with \S+ is full/);
  await box.exec(['rm', '/srv/filler']);
  await samocode('resume', 'hull');
  expect(await violationsOf(work, [])).toEqual([]);
});
