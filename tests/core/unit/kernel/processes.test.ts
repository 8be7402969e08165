import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { makeAsk } from '../../../../src/core/faces/terminal/ask.ts';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import {
  identify,
  livenessOf,
  machineIdIn,
  ownContainer,
  platformUuidIn,
  systemHost,
} from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { heldBy } from '../../../support/held-by.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('a process sees itself as alive on this machine', async () => {
  const host = await systemHost();
  const self = await identify(host, process.pid);
  if (self === undefined) throw new Error('It runs.');
  expect(self).toMatchObject({ pid: process.pid, bootId: host.bootId, hostId: host.hostId });
  expect(await livenessOf(host, self)).toBe('alive');
  expect(host.bootId).not.toBe('');
});

test('a process that does not run has no identity', async () => {
  expect(await identify(await systemHost(), 2 ** 30)).toBeUndefined();
  expect(await identify(hostWith([entryOf(7, { state: 'Z' })]), 7)).toBeUndefined();
});

test.each([
  ['this machine', 'this boot', 'pid:[1]', 'alive'],
  ['renamed', 'this boot', 'pid:[1]', 'alive'],
  ['this machine', 'last boot', 'pid:[1]', 'dead'],
  ['another', 'its boot', 'pid:[1]', 'unknowable'],
  ['this machine', 'this boot', 'pid:[2]', 'unknowable'],
])('a process of %s, %s, namespace %s is %s', async (hostId, bootId, pidNamespace, expected) => {
  const identity = { pid: 7, startTicks: '100', hostId, bootId, pidNamespace };
  expect(await livenessOf(hostWith([entryOf(7)]), identity)).toBe(expected);
});

const ID = '0123456789abcdef'.repeat(4);
const ROOT = `812 700 0:95 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/var/lib/docker/overlay2/${ID}/diff,workdir=/var/lib/docker/overlay2/${ID}/work`;
const DOCKER = {
  mountinfo: `${ROOT}\n813 812 0:98 / /proc rw - proc proc rw\n`,
  cgroup: '0::/\n',
  procs: '1\n7\n2041\n',
};

/** The container name for these kernel files. */
async function named(files: Partial<typeof DOCKER>): Promise<string | undefined> {
  await using dir = await tempDir();
  const { mountinfo, cgroup, procs } = { ...DOCKER, ...files };
  const path = cgroup.trim().replace('0::', '');
  const all = {
    'proc/self/mountinfo': mountinfo,
    'proc/1/cgroup': cgroup,
    [join('sys/fs/cgroup', path, 'cgroup.procs')]: procs,
  };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  return ownContainer(dir.path);
}

test.each([
  ['Docker', {}],
  ['a container with its own init', { cgroup: '0::/init.scope\n', procs: '1\n' }],
  ['Podman', { mountinfo: ROOT.replace('docker/overlay2', 'containers/storage/overlay') }],
])('a container of %s is named after its layer', async (_, files) => {
  expect(await named(files)).toBe(ID);
});

test.each([
  ['whose root is not a layer', { mountinfo: '27 1 254:0 / / rw - ext4 /dev/vda rw\n' }],
  ['whose layer only has a number', { mountinfo: ROOT.replaceAll(`${ID}/diff`, 'snapshots/12/fs') }],
  ['in which unseen processes run', { procs: '0\n0\n1\n97\n' }],
  ['whose first process is outside', { procs: '7\n' }],
  ['with cgroups v1', { cgroup: '8:pids:/\n' }],
])('a container %s has no name', async (_, files) => {
  expect(await named(files)).toBeUndefined();
});

test('without these kernel files there is no name', async () => {
  await using dir = await tempDir();
  expect(ownContainer(dir.path)).toBeUndefined();
});

test.each([
  ['0123456789abcdef0123456789abcdef\n', '0123456789abcdef0123456789abcdef'],
  ['uninitialized\n', undefined],
  ['', undefined],
  ['0123456789abcdef\n', undefined],
])('the machine id in %j is %j', (text, id) => {
  expect(machineIdIn(text)).toBe(id);
});

const IOREG = `+-o Root  <class IORegistryEntry, id 0x100000100, retain 26>
  +-o J314sAP  <class IOPlatformExpertDevice, id 0x100000227, registered, matched, active, busy 0 (8 ms), retain 36>
    {
      "IOPolledInterface" = "AppleARMWatchdogTimerHibernateHandler is not serializable"
      "IOPlatformSerialNumber" = "C02XXXXXXXXX"
      "IOPlatformUUID" = "12345678-9ABC-DEF0-1234-56789ABCDEF0"
    }
`;

test('a Mac is identified by its platform UUID, and not at all if ioreg does not print it', () => {
  expect(platformUuidIn(IOREG)).toBe('12345678-9ABC-DEF0-1234-56789ABCDEF0');
  expect(platformUuidIn('')).toBeUndefined();
});

test.each([
  ['the last number', Number.MAX_SAFE_INTEGER],
  ['the one before', Number.MAX_SAFE_INTEGER - 1],
  ['a fractional number', Number.NaN],
])('above %s there is no lease, and no file is searched for it', { timeout: 5000 }, async (_, above) => {
  await using dir = await tempDir();
  const taken = acquireLease(dir.path, { host: hostWith([]), clock, above });
  await expect(taken).rejects.toMatchObject({ code: 'lease_numbers_spent' });
  expect(await readdir(dir.path)).toEqual([]);
});

test('the highest number that has a successor is accepted', async () => {
  await using dir = await tempDir();
  const above = Number.MAX_SAFE_INTEGER - 2;
  expect((await acquireLease(dir.path, { host: hostWith([]), clock, above })).number).toBe(above + 1);
});

test('a long-lived signal keeps no reference to the commands that were run with it', async () => {
  const { signal } = new AbortController();
  for (let count = 0; count < 5; count += 1) await runCommand('true', [], { signal, timeoutMs: 60_000 });
  expect(heldBy(signal)).toBe(0);
});

test('a long-lived signal keeps no reference to the questions that it may interrupt', async () => {
  const { signal } = new AbortController();
  const input = new PassThrough();
  const ask = makeAsk(input, new PassThrough(), signal);
  const answered = ask('Which boat? ');
  setTimeout(() => input.write('the red one\n'));
  expect(await answered).toBe('the red one');
  expect(heldBy(signal)).toBe(0);
});

test('an interrupt ends a question, even if it came before the question', async () => {
  const interrupt = new AbortController();
  const ask = makeAsk(new PassThrough(), new PassThrough(), interrupt.signal);
  const asked = ask('Which boat? ');
  setTimeout(() => interrupt.abort(new Error('interrupted')));
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  await expect(ask('Which boat? ')).rejects.toMatchObject({ name: 'AbortError' });
});

test('an input that ends leaves the question unanswered', async () => {
  const input = new PassThrough();
  const asked = makeAsk(input, new PassThrough(), new AbortController().signal)('Which boat? ');
  setTimeout(() => input.end());
  await expect(asked).rejects.toMatchObject({ name: 'AbortError', cause: { code: 'input_ended' } });
});
