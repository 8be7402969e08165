import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { acquireLease, type OwnedLease } from '../../../../src/core/kernel/processes/lease.ts';
import {
  describeHolders,
  type SlotLimits,
  Slots,
  slotsInUse,
  slotsRoot,
} from '../../../../src/core/session/folder/slots.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const clock = systemClock;
const HERE = hostWith([]);
// Each worker is a separate process; in a test they differ by their start time.
const worker = (startTicks: string) => hostWith([entryOf(process.pid, { startTicks })]);

async function scene(count: number | undefined, onMachine?: number) {
  const dir = await tempDir();
  const shared = join(dir.path, 'machine');
  const machine: SlotLimits['machine'] = async () =>
    onMachine === undefined ? undefined : { dir: shared, count: onMachine };
  const slots = (host = HERE, project = 'a', under?: { leases: string; number: number }) =>
    new Slots(join(dir.path, project), { project: count, machine }, { clock, host, ...(under && { under }) });
  const sessionsDir = join(dir.path, 'a');
  const slot = (number: number) => join(slotsRoot(sessionsDir), String(number));
  return { dir, sessionsDir, shared, slots, slot };
}

test('there are MAX_PARALLEL slots, and a released one is free for another session', async () => {
  const { dir, slots, sessionsDir } = await scene(2);
  await using _ = dir;
  const [first, second, third] = [slots(), slots(), slots()];
  expect([await first.take(), await second.take(), await third.take()]).toEqual([
    ...['taken', 'taken', 'project_full'],
  ]);
  expect(await first.take()).toBe('taken');
  expect(await slotsInUse(slotsRoot(sessionsDir), HERE)).toHaveLength(2);
  await first.leave();
  expect(await slotsInUse(slotsRoot(sessionsDir), HERE)).toHaveLength(1);
  expect(await third.take()).toBe('taken');
});

test('without a limit a slot is always free', async () => {
  const { dir, slots } = await scene(undefined);
  await using _ = dir;
  expect([await slots().take(), await slots().take()]).toEqual(['taken', 'taken']);
});

test('projects have separate slots, and share those of the machine', async () => {
  const { dir, slots, shared } = await scene(1, 2);
  await using _ = dir;
  const [a, b, c] = [slots(HERE, 'a'), slots(HERE, 'b'), slots(HERE, 'c')];
  expect([await a.take(), await b.take(), await c.take()]).toEqual(['taken', 'taken', 'machine_full']);
  expect(await slotsInUse(shared, HERE)).toHaveLength(2);
  await a.leave();
  expect(await slotsInUse(shared, HERE)).toHaveLength(1);
  expect(await c.take()).toBe('taken');
});

test('a session that gets no machine slot releases the slot of its project', async () => {
  const { dir, slots } = await scene(1, 1);
  await using _ = dir;
  const other = slots(HERE, 'b');
  await other.take();
  expect(await slots().take()).toBe('machine_full');
  await other.leave();
  expect(await slots().take()).toBe('taken');
});

test('the slots of a dead worker are free', async () => {
  const { dir, slots } = await scene(1, 1);
  await using _ = dir;
  expect(await slots(worker('before the crash')).take()).toBe('taken');
  expect(await slots(worker('after it')).take()).toBe('taken');
});

test.each([
  ['another machine', { hostId: 'the laptop', bootId: 'its boot' }],
  ['another container of this machine', { pidNamespace: 'pid:[2]' }],
])('a slot held on %s stays taken until it is released there', async (_where, there) => {
  const { dir, slots, slot } = await scene(1);
  await using _ = dir;
  const held = await acquireLease(slot(1), { clock, host: hostWith([], there) });
  const ours = slots();
  expect(await ours.take()).toBe('project_full');
  await held.check();
  await held.release();
  expect(await ours.take()).toBe('taken');
  expect(await slots(hostWith([], there)).take()).toBe('project_full');
});

test('next to a slot that is held elsewhere the other slots can be taken', async () => {
  const { dir, slots, slot } = await scene(2);
  await using _ = dir;
  const laptop = hostWith([], { hostId: 'the laptop', bootId: 'x' });
  const held = await acquireLease(slot(1), { clock, host: laptop });
  expect(await slots().take()).toBe('taken');
  expect(await slots().take()).toBe('project_full');
  await held.check();
});

test("after a reboot the machine's slots are free", async () => {
  const { dir, slots, slot } = await scene(1);
  await using _ = dir;
  await acquireLease(slot(1), { clock, host: hostWith([], { bootId: 'the boot before' }) });
  expect(await slots().take()).toBe('taken');
});

test('a slot that cannot be released on a full disk does not keep its worker running, and is free once the worker has ended', async () => {
  const { dir, slots } = await scene(1, 1);
  await using _ = dir;
  const ours = slots(worker('the one that leaves'));
  await ours.take();
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await ours.leave();
  }
  expect(ours.isHeld).toBe(false);
  expect(await slots(worker('the next one')).take()).toBe('taken');
});

test.each<[string, (session: OwnedLease, leases: string) => Promise<unknown>]>([
  [
    'has a newer lease',
    (_session, leases) => acquireLease(leases, { clock, host: HERE, takeUnknowable: true }),
  ],
  ['has released its lease', (session) => session.release()],
  [
    'was created again',
    async (_session, leases) => {
      await rm(leases, { recursive: true });
      await acquireLease(leases, { clock, host: HERE });
    },
  ],
  ['was deleted', (_session, leases) => rm(dirname(leases), { recursive: true })],
])(
  "a slot of a removed container is free once its session %s, while its neighbour's is not",
  async (_what, end) => {
    const { dir, slots, sessionsDir, shared } = await scene(2, 5);
    await using _ = dir;
    const ghosts = ['ghost', 'neighbour'].map((folder) => sessionPaths(sessionsDir, folder).leases);
    const held = [];
    for (const leases of ghosts) {
      const host = hostWith([], { pidNamespace: leases });
      const lease = await acquireLease(leases, { clock, host });
      expect(await slots(host, 'a', { leases, number: lease.number }).take()).toBe('taken');
      held.push(lease);
    }
    expect(await slots().take()).toBe('project_full');
    const [ghost, session] = [ghosts[0] ?? '', held[0]];
    await end(session as OwnedLease, ghost);
    expect(await slotsInUse(slotsRoot(sessionsDir), HERE)).toHaveLength(1);
    expect(describeHolders(await slotsInUse(shared, HERE))).toBe(
      `neighbour (on another machine or in a container, which cannot be seen from here; if that is gone: samocode takeover neighbour)`,
    );
    expect(await slots().take()).toBe('taken');
    expect(await slots().take()).toBe('project_full');
  },
);

test('lowering the limit takes effect: slots above it count', async () => {
  const { dir, slots, sessionsDir, shared } = await scene(3, 3);
  await using _ = dir;
  const [first, second, third] = [slots(), slots(), slots()];
  for (const one of [first, second, third]) expect(await one.take()).toBe('taken');
  await first.leave();
  const machine = async () => ({ dir: shared, count: 2 });
  const lowered = (project: number | undefined) =>
    new Slots(sessionsDir, { project, machine }, { clock, host: HERE });
  expect(await lowered(2).take()).toBe('project_full');
  expect(await lowered(undefined).take()).toBe('machine_full');
  await second.leave();
  const takings = await Promise.all([lowered(2).take(), lowered(2).take()]);
  expect(takings.toSorted()).toEqual(['project_full', 'taken']);
});

test("if the machine's slots cannot be written, a session takes only its project's slot and works", async () => {
  const { dir, slots, shared, sessionsDir } = await scene(1, 1);
  await using _ = dir;
  await writeFile(shared, 'a file, where their folder should be');
  const ours = slots();
  expect(await ours.take()).toBe('taken');
  expect(await slots().take()).toBe('project_full');
  await ours.leave();
  expect(await slotsInUse(slotsRoot(sessionsDir), HERE)).toHaveLength(0);
});
