// @module-tag ci
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { type Host, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import {
  acquireLease,
  type OwnedLease,
  readHolding,
  whileHolding,
} from '../../../../src/core/kernel/processes/lease.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';
import { askOne, passLeaseOn, raceForLease, startContenders } from '../../../support/lease-race.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** The owner named by every forged lease. */
const OWNER = {
  pid: 4242,
  startTicks: '100',
  bootId: 'this boot',
  pidNamespace: 'pid:[1]',
  hostId: 'this machine',
};

async function layLease(
  dir: string,
  number: number,
  owner: object = OWNER,
  more: object = {},
): Promise<void> {
  const lease = { v: 1, number, owner, acquiredAt: '2026-01-08T10:00:00.000Z', ...more };
  await writeFile(join(dir, `${String(number).padStart(6, '0')}.json`), JSON.stringify(lease));
}

const outcome = (taken: Promise<OwnedLease>) =>
  taken.then(
    () => 'taken',
    (error: Error) => error.name,
  );

test('of four processes that find a dead owner exactly one gets the lease, 60 times', async () => {
  await using contenders = await startContenders(4);
  await raceForLease(contenders, 60);
});

test('a lease that is passed on has one owner at a time and increasing numbers, 40 times', async () => {
  await using contenders = await startContenders(4);
  await passLeaseOn(contenders, 40);
});

test('a stopped owner keeps its lease, and a killed owner is replaced at once', async () => {
  await using contenders = await startContenders(2);
  const [owner, other] = contenders.processes;
  if (!owner || !other) throw new Error('Two processes were asked for.');
  const dir = join(contenders.dir, 'leases');
  const take = { kind: 'take', dir, atMs: 0 } as const;
  expect(await askOne(owner, take)).toMatchObject({ kind: 'took', number: 1 });
  owner.kill('SIGSTOP');
  expect(await askOne(other, take)).toEqual({ kind: 'held', by: 1 });
  owner.kill('SIGCONT');
  expect(await askOne(owner, { kind: 'check' })).toEqual({ kind: 'owner', is: true });
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(await askOne(other, take)).toEqual({ kind: 'took', number: 2, previous: 'died' });
});

test('an owner that was stopped and whose lease was taken over notices when it resumes', async () => {
  await using contenders = await startContenders(1);
  const [owner] = contenders.processes;
  if (!owner) throw new Error('One process was asked for.');
  const dir = join(contenders.dir, 'leases');
  await askOne(owner, { kind: 'take', dir, atMs: 0 });
  owner.kill('SIGSTOP');
  // Only `samocode takeover` does this: a person confirms that the owner's machine is gone.
  const elsewhere: Host = { ...(await systemHost()), pidNamespace: 'pid:[2]' };
  const taken = await acquireLease(dir, { host: elsewhere, clock, takeUnknowable: true });
  owner.kill('SIGCONT');
  expect(await askOne(owner, { kind: 'check' })).toEqual({ kind: 'owner', is: false });
  await expect(taken.check()).resolves.toBeUndefined();
});

test('a process that slept while others acquired and released owns nothing, even though its number was free again', async () => {
  await using dir = await tempDir();
  const others = hostWith([entryOf(process.pid, { startTicks: 'others' })]);
  const pass = async () => await (await acquireLease(dir.path, { host: others, clock })).release();
  let asleep = true;
  const host = hostWith([entryOf(process.pid, { startTicks: 'slow' })]);
  const read = async (pid: number) => {
    // Reads its identity between listing the leases and link().
    if (asleep) {
      asleep = false;
      for (let count = 0; count < 7; count += 1) await pass();
    }
    return await host.processes.read(pid);
  };
  const slow = { ...host, processes: { ...host.processes, read } };
  // The first query is about the owner of the old lease, who died with the previous boot.
  await layLease(dir.path, 1, { ...OWNER, bootId: 'last boot' });
  const lease = await acquireLease(dir.path, { host: slow, clock });
  expect(lease.number).toBe(9);
  await expect(lease.check()).resolves.toBeUndefined();
});

test("of two owners of one number after the folder was removed, the first has lost it and does not touch the other's file", async () => {
  await using dir = await tempDir();
  const leases = join(dir.path, 'leases');
  const own = hostWith([entryOf(process.pid, { startTicks: 'another process' })]);
  const first = await acquireLease(leases, { host: hostWith([]), clock });
  await rm(leases, { recursive: true });
  const second = await acquireLease(leases, { host: own, clock });
  expect([first.number, second.number]).toEqual([1, 1]);
  await expect(first.check()).rejects.toMatchObject({ code: 'lease_lost' });
  await expect(second.check()).resolves.toBeUndefined();
  await first.markLost();
  await first.release();
  expect(await readHolding(leases, own)).toMatchObject({ kind: 'held', liveness: 'alive' });
  await expect(second.check()).resolves.toBeUndefined();
});

test('a zombie holds no lease', async () => {
  await using dir = await tempDir();
  const host = await systemHost();
  // The shell replaces itself, before its child has ended, with a program that never reaps it.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  await expect.poll(async () => (await host.processes.read(pid))?.state).toBe('Z');
  const startTicks = (await host.processes.read(pid))?.startTicks;
  const { bootId, hostId, pidNamespace } = host;
  await layLease(dir.path, 1, { pid, startTicks, bootId, hostId, pidNamespace });
  expect(await readHolding(dir.path, host)).toMatchObject({ kind: 'held', liveness: 'dead' });
  expect((await acquireLease(dir.path, { host, clock })).number).toBe(2);
  parent.kill();
});

test.each<[string, Host, string]>([
  ['a running owner', hostWith([entryOf(4242)]), 'lease_held'],
  ['an owner that is stopped', hostWith([entryOf(4242, { state: 'T' })]), 'lease_held'],
  ['an owner that waits for the disk', hostWith([entryOf(4242, { state: 'D' })]), 'lease_held'],
  ['a dead owner', hostWith([]), 'taken'],
  ['a zombie', hostWith([entryOf(4242, { state: 'Z' })]), 'taken'],
  ['a reused pid', hostWith([entryOf(4242, { startTicks: '101' })]), 'taken'],
  ['an owner of the previous boot', hostWith([entryOf(4242)], { bootId: 'next boot' }), 'taken'],
  ['an equal pid in another namespace', hostWith([entryOf(4242)], { pidNamespace: 'pid:[2]' }), 'lease_held'],
  ['an unseen process from another namespace', hostWith([], { pidNamespace: 'pid:[2]' }), 'lease_held'],
  [
    'an unseen process from another machine',
    hostWith([], { hostId: 'other', bootId: 'other' }),
    'lease_held',
  ],
  ['a renamed machine of the same boot', hostWith([entryOf(4242)], { hostId: 'other' }), 'lease_held'],
])('the lease of %s: %#', async (_, host, expected) => {
  await using dir = await tempDir();
  await layLease(dir.path, 1);
  expect(await outcome(acquireLease(dir.path, { host, clock }))).toBe(expected);
});

test.each<[string, Partial<Host>, Partial<Host>, string]>([
  ['restarted', { container: 'a' }, { container: 'a', pidNamespace: 'pid:[2]' }, 'taken'],
  ['another container', { container: 'a' }, { container: 'b', pidNamespace: 'pid:[2]' }, 'lease_held'],
  ['seen from within a sandbox in it', { container: 'a' }, { pidNamespace: 'pid:[2]' }, 'lease_held'],
  ['an earlier one, unnamed', {}, { container: 'a', pidNamespace: 'pid:[2]' }, 'lease_held'],
  [
    'one of the same name under another kernel',
    { container: 'a' },
    { container: 'a', hostId: 'other', bootId: 'its boot', pidNamespace: 'pid:[2]' },
    'lease_held',
  ],
])('the lease of a container that is %s: %#', async (_, before, now, expected) => {
  await using dir = await tempDir();
  const first = await acquireLease(dir.path, { host: hostWith([], before), clock });
  expect(first.number).toBe(1);
  expect(await outcome(acquireLease(dir.path, { host: hostWith([], now), clock }))).toBe(expected);
});

test('a lease of another machine is taken if a person confirms', async () => {
  await using dir = await tempDir();
  await layLease(dir.path, 3);
  const host = hostWith([], { hostId: 'other', bootId: 'other' });
  const held = await acquireLease(dir.path, { host, clock }).catch((error: unknown) => error);
  expect(held).toMatchObject({ code: 'lease_held', next: [{ act: 'take_over' }] });
  expect((await acquireLease(dir.path, { host, clock, takeUnknowable: true })).number).toBe(4);
});

test('an owner waits for no disk, except in the place of one that cannot be seen and would hold the lease again', async () => {
  await using dir = await tempDir();
  using counter = new EffectCounter('free');
  const free = await acquireLease(dir.path, { host: hostWith([]), clock });
  await free.release();
  await layLease(dir.path, 3);
  counter.begin('unseen');
  const host = hostWith([], { hostId: 'other', bootId: 'other' });
  await acquireLease(dir.path, { host, clock, takeUnknowable: true });
  expect([counter.of('free').syncs, counter.of('unseen').syncs]).toEqual([0, 2]);
});

test('a lease that a power cut left empty belongs to no one, and its number counts', async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, '000004.json'), '');
  expect((await acquireLease(dir.path, { host: hostWith([]), clock })).number).toBe(5);
});

test('a released lease is free, and the next number is higher', async () => {
  await using dir = await tempDir();
  const host = hostWith([]);
  const first = await acquireLease(dir.path, { host, clock });
  await first.release();
  const second = await acquireLease(dir.path, { host, clock });
  expect(second).toMatchObject({ number: 2, previous: { number: 1, how: 'released' } });
  await expect(first.check()).rejects.toMatchObject({ code: 'lease_lost' });
  await expect(second.check()).resolves.toBeUndefined();
});

test('numbers continue above those recorded elsewhere', async () => {
  await using dir = await tempDir();
  expect((await acquireLease(dir.path, { host: hostWith([]), clock, above: 41 })).number).toBe(42);
});

test('old lease files are pruned by the holder, and the newest five are kept', async () => {
  await using dir = await tempDir();
  const host = hostWith([]);
  for (let count = 0; count < 12; count += 1) await (await acquireLease(dir.path, { host, clock })).release();
  const files = await readdir(dir.path);
  expect(files.sort()).toEqual(['000008.json', '000009.json', '000010.json', '000011.json', '000012.json']);
});

test.each<[string, (dir: string) => Promise<unknown>, number]>([
  ['torn', (dir) => writeFile(join(dir, '000007.json'), '{"v":1,"num'), 8],
  ['empty', (dir) => writeFile(join(dir, '000007.json'), ''), 8],
  ['a folder', (dir) => mkdir(join(dir, '000007.json')), 8],
  ['a copy of an older one', (dir) => layLease(dir, 7, OWNER, { number: 3 }), 8],
  ['named with additional zeros', (dir) => writeFile(join(dir, '0000000007.json'), '{}'), 1],
  ['too large for a successor', (dir) => writeFile(join(dir, '9007199254740993.json'), '{}'), 1],
  ['not a number', (dir) => writeFile(join(dir, 'abcdef.json'), '{}'), 1],
])('a lease file that is %s prevents no lease', async (_, lay, expected) => {
  await using dir = await tempDir();
  await lay(dir.path);
  expect((await acquireLease(dir.path, { host: hostWith([]), clock })).number).toBe(expected);
});

test('an owner that runs a newer samocode keeps its lease', async () => {
  await using dir = await tempDir();
  await layLease(dir.path, 5, OWNER, { v: 2, more: 'fields' });
  expect(await outcome(acquireLease(dir.path, { host: hostWith([entryOf(4242)]), clock }))).toBe(
    'lease_held',
  );
});

test('an owner whose lease folder was removed keeps its lease and is visible again', async () => {
  await using dir = await tempDir();
  const host = hostWith([]);
  const leases = join(dir.path, 'leases');
  const owned = await acquireLease(leases, { host, clock, above: 6 });
  await rm(leases, { recursive: true });
  await expect(owned.check()).resolves.toBeUndefined();
  expect(await readHolding(leases, host)).toMatchObject({
    kind: 'held',
    liveness: 'alive',
    lease: { number: 7 },
  });
});

test('an owner whose folder vanished yields to one that acquired the lease since', async () => {
  await using dir = await tempDir();
  const host = hostWith([]);
  const leases = join(dir.path, 'leases');
  const owned = await acquireLease(leases, { host, clock });
  await rm(leases, { recursive: true });
  await acquireLease(leases, { host, clock, above: 8 });
  await expect(owned.check()).rejects.toMatchObject({ code: 'lease_lost' });
});

test('releasing a lease whose folder is gone is not an error', async () => {
  await using dir = await tempDir();
  const leases = join(dir.path, 'leases');
  const owned = await acquireLease(leases, { host: hostWith([]), clock });
  await rm(leases, { recursive: true });
  await expect(owned.release()).resolves.toBeUndefined();
});

test('a lease records its owner and its start', async () => {
  await using dir = await tempDir();
  await acquireLease(dir.path, { host: hostWith([]), clock });
  expect(JSON.parse(await readFile(join(dir.path, '000001.json'), 'utf8'))).toMatchObject({
    v: 1,
    number: 1,
    owner: { pid: process.pid, startTicks: 'own', bootId: 'this boot' },
  });
});

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'work that meets a full disk fails with that error although its release fails too, and is done once there is room',
  async () => {
    await using dir = await tempDir();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=20', 'tmpfs', dir.path]);
    try {
      const at = { host: await systemHost(), clock, limitMs: 0 };
      const file = (n: number) => join(dir.path, String(n));
      const filled = whileHolding(join(dir.path, 'leases'), at, async () => {
        for (let n = 0; ; n += 1) await writeFile(file(n), '');
      });
      await expect(filled).rejects.toMatchObject({ code: 'ENOSPC', syscall: 'open' });
      for (const n of [0, 1, 2, 3]) await rm(file(n));
      expect(await whileHolding(join(dir.path, 'leases'), at, async () => 'done')).toBe('done');
    } finally {
      spawnSync('umount', ['--lazy', dir.path]);
    }
  },
);
