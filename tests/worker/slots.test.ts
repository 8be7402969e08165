import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { acquireLease } from '../../src/base/lease.ts';
import { runRoot } from '../../src/session/paths.ts';
import { freePlacesOf, Slots } from '../../src/worker/slots.ts';
import { fullDisk } from '../support/failing-disk.ts';
import { entryOf, hostWith } from '../support/hosts.ts';
import { tempDir } from '../support/temp-dir.ts';

const clock = systemClock;
const HERE = hostWith([]);
// Each worker is a process of its own; in a test they are told apart by when they began.
const worker = (startTicks: string) => hostWith([entryOf(process.pid, { startTicks })]);

async function scene(count: number | undefined) {
  const dir = await tempDir();
  const slots = (host = HERE) => new Slots(dir.path, count, { clock, host });
  const place = (number: number) => join(runRoot(dir.path), '.slots', String(number));
  return { dir, slots, place };
}

test('there are as many places as MAX_PARALLEL says, and one that is left is free for another', async () => {
  const { dir, slots } = await scene(2);
  await using _ = dir;
  const [first, second, third] = [slots(), slots(), slots()];
  expect([await first.take(), await second.take(), await third.take()]).toEqual([true, true, false]);
  expect(await first.take()).toBe(true);
  await first.leave();
  expect(await third.take()).toBe(true);
});

test('without a limit there is always a place', async () => {
  const { dir, slots } = await scene(undefined);
  await using _ = dir;
  expect([await slots().take(), await slots().take()]).toEqual([true, true]);
});

test('the place of a worker that died is free', async () => {
  const { dir, slots } = await scene(1);
  await using _ = dir;
  expect(await slots(worker('before the crash')).take()).toBe(true);
  expect(await slots(worker('after it')).take()).toBe(true);
});

test.each([
  ['another machine', { hostId: 'the laptop', bootId: 'its boot' }],
  ['another container of this machine', { pidNamespace: 'pid:[2]' }],
])('a place held on %s is left alone until it is given back there', async (_where, there) => {
  const { dir, slots, place } = await scene(1);
  await using _ = dir;
  const held = await acquireLease(place(1), { clock, host: hostWith([], there) });
  const ours = slots();
  expect(await ours.take()).toBe(false);
  await held.check();
  await held.release();
  expect(await ours.take()).toBe(true);
  expect(await slots(hostWith([], there)).take()).toBe(false);
});

test('beside one that is held elsewhere the other places are taken', async () => {
  const { dir, slots, place } = await scene(2);
  await using _ = dir;
  const held = await acquireLease(place(1), {
    clock,
    host: hostWith([], { hostId: 'the laptop', bootId: 'x' }),
  });
  expect(await slots().take()).toBe(true);
  expect(await slots().take()).toBe(false);
  await held.check();
});

test('the place of a machine that has started again since is free', async () => {
  const { dir, slots, place } = await scene(1);
  await using _ = dir;
  await acquireLease(place(1), { clock, host: hostWith([], { bootId: 'the boot before' }) });
  expect(await slots().take()).toBe(true);
});

test('a place that a full disk does not let go is given back as soon as it does', async () => {
  const { dir, slots } = await scene(1);
  await using _ = dir;
  const ours = slots();
  await ours.take();
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await expect(ours.leave()).rejects.toMatchObject({ code: 'ENOSPC' });
  }
  await ours.leave();
  expect(await ours.take()).toBe(true);
});

test('the places of a worker that was given up are free, and those of its neighbours are not', async () => {
  const { dir, slots, place } = await scene(2);
  await using _ = dir;
  const container = { pidNamespace: 'pid:[2]' };
  await acquireLease(place(1), { clock, host: hostWith([], container) });
  const neighbour = hostWith([entryOf(process.pid, { startTicks: 'of the neighbour' })], container);
  const theirs = await acquireLease(place(2), { clock, host: neighbour });
  expect(await slots().take()).toBe(false);
  const owner = { ...HERE, ...container, pid: process.pid, startTicks: 'own' };
  await freePlacesOf(owner, dir.path, { clock, host: HERE });
  expect(await slots().take()).toBe(true);
  expect(await slots().take()).toBe(false);
  await theirs.check();
});
