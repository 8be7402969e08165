// @module-tag ci
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import {
  endTree,
  type TreeEnd,
  type TreeRoot,
  walkDown,
} from '../../../../src/core/kernel/processes/end-tree.ts';
import { type Host, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import {
  isRunning,
  type ProcessTable,
  procTable,
  psTable,
} from '../../../../src/core/kernel/processes/process-table.ts';
import { entryOf, hostWith, tableOf } from '../../../support/hosts.ts';

const NAME = 'SAMOCODE_TREE_TEST';
let count = 0;

/** A process tree with its own marker, started by `script` in a separate group and process session. */
async function plant(script: string, table: ProcessTable = procTable(), env: Record<string, string> = {}) {
  count += 1;
  const value = `${process.pid}-${count}`;
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, [NAME]: value, ...env },
  });
  await once(child, 'spawn');
  const host: Host = { ...(await systemHost()), processes: table };
  const mark = { name: NAME, value };
  return { child, host, mark, root: await rootOf(child, table) };
}

async function rootOf(child: ChildProcess, table: ProcessTable): Promise<TreeRoot> {
  const pid = child.pid ?? 0;
  return { pid, pgid: pid, startTicks: (await table.read(pid))?.startTicks ?? '' };
}

type Tree = Awaited<ReturnType<typeof plant>>;

const marked = async ({ mark, host }: Tree) => {
  const table = host.processes;
  const all = (await table.list()).filter(isRunning);
  const values = await Promise.all(all.map(({ pid }) => table.environmentOf(pid, mark.name)));
  return all.filter((_, at) => values[at] === mark.value);
};

const living = async (tree: Tree) =>
  walkDown(await tree.host.processes.walk(), [tree.root, ...(await marked(tree))]).length;

const grown = (tree: Tree, members: number) => expect.poll(() => living(tree)).toBe(members);

const TREES: [string, string, number][] = [
  ['a single process', 'exec sleep 300', 1],
  ['children that fork', 'sleep 300 & sh -c "sleep 300 & sleep 300" & wait', 5],
  ['a child in a session of its own', 'setsid sleep 300 & sleep 300', 3],
  ['a daemon that was forked twice', '(setsid sh -c "sleep 300 & exit") & sleep 300', 3],
  ['only what the first process left behind', 'setsid sleep 300 & sleep 300 & exit', 2],
  ['children that ignore SIGTERM', 'trap "" TERM; sleep 300 & sleep 300; sleep 300', 3],
  ['pipes that are kept open', 'sleep 300 | cat | cat', 4],
  ['a child without our mark in the group', 'env -i sleep 300 & sleep 300', 3],
  ['a child without our mark in a session of its own', 'env -i setsid sleep 300 & sleep 300', 3],
  [
    'a child that changed its argv and its name',
    `${process.execPath} -e "process.title='init'; setInterval(() => {}, 1e6)" & sleep 300`,
    3,
  ],
];

const TABLES: [string, ProcessTable][] = [
  ['/proc', procTable()],
  ['ps', psTable()],
];
const CASES = TABLES.flatMap(([from, table]) =>
  TREES.map(([what, script, members]) => ({ from, table, what, script, members })),
);

test.each(CASES)('seen through $from, the whole tree ends: $what', async ({ table, script, members }) => {
  const tree = await plant(script, table);
  await grown(tree, members);
  const end = await endTree(tree.root, tree.mark, { host: tree.host, clock: systemClock, graceMs: 200 });
  expect(end).toMatchObject({ kind: 'empty' });
  expect(await living(tree)).toBe(0);
});

test('a tree that obeys SIGTERM is not killed, and one that ignores it is killed after its grace period', async () => {
  const polite = await plant('sleep 300 & exec sleep 300');
  await grown(polite, 2);
  const options = { host: polite.host, clock: systemClock, graceMs: 20_000 };
  expect(await endTree(polite.root, polite.mark, options)).toEqual({
    kind: 'empty',
    signalled: 2,
    killed: 0,
  });
  const deaf = await plant('trap "" TERM; sleep 300; sleep 300');
  await grown(deaf, 2);
  const end = await endTree(deaf.root, deaf.mark, { ...options, graceMs: 300 });
  expect(end).toMatchObject({ kind: 'empty', signalled: 2 });
  expect('killed' in end && end.killed).toBeGreaterThan(0);
});

test('a stopped tree is continued, gets SIGTERM and has time to exit', async () => {
  const tree = await plant('trap "exit 0" TERM; while :; do sleep 5; done');
  await grown(tree, 2);
  process.kill(-tree.root.pgid, 'SIGSTOP');
  // A shell that is starting a program waits for it (state D) and stops afterwards.
  await expect.poll(async () => (await tree.host.processes.read(tree.root.pid))?.state).toMatch(/[TD]/);
  const exited = once(tree.child, 'exit');
  await endTree(tree.root, tree.mark, { host: tree.host, clock: systemClock, graceMs: 20_000 });
  expect(await exited).toEqual([0, null]);
});

test('without a grace period everything is killed immediately', async () => {
  const tree = await plant('trap "" TERM; setsid sleep 300 & sleep 300');
  await grown(tree, 3);
  const end = await endTree(tree.root, tree.mark, { host: tree.host, clock: systemClock, graceMs: 0 });
  expect(end).toMatchObject({ kind: 'empty', signalled: 0 });
});

test('a tree that forks all the time is ended completely', async () => {
  const tree = await plant('trap "" TERM; f() { sleep 0.01; f & }; f & f & f & exit');
  // Like a worker that has watched it.
  const known = [tree.root];
  const end = await endTree(tree.root, tree.mark, {
    host: tree.host,
    clock: systemClock,
    graceMs: 100,
    known,
  });
  expect(end).toMatchObject({ kind: 'empty' });
  expect(await marked(tree)).toEqual([]);
});

test('foreign processes are not signalled: no marker, another marker, a similar name', async () => {
  const tree = await plant('sleep 300');
  const others = [
    await plant('exec sleep 300'),
    await plant('exec sleep 300', procTable(), { [NAME]: `${tree.mark.value}0` }),
    await plant('exec sleep 300', procTable(), { [NAME]: '', [`${NAME}_2`]: tree.mark.value }),
    await plant(`exec sh -c "sleep 300; :" ${NAME}=${tree.mark.value}`, procTable(), { [NAME]: '' }),
  ];
  for (const table of [procTable(), psTable()]) {
    const host = { ...tree.host, processes: table };
    await endTree(await rootOf(tree.child, table), tree.mark, { host, clock: systemClock, graceMs: 100 });
  }
  for (const { child } of others) {
    expect(isRunning(await procTable().read(child.pid ?? 0))).toBe(true);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
});

test('a process that reused the pid of an old root, or of a known process, is not signalled', async () => {
  const stranger = await plant('exec sleep 300');
  const old = { ...stranger.root, startTicks: '1' };
  const mark = { name: NAME, value: 'of nobody' };
  const options = { host: stranger.host, clock: systemClock, graceMs: 0, known: [old] };
  expect(await endTree(old, mark, options)).toEqual({ kind: 'empty', signalled: 0, killed: 0 });
  expect(isRunning(await procTable().read(stranger.root.pid))).toBe(true);
  stranger.child.kill('SIGKILL');
});

test('a group without its leader belongs to the tree if its leader was seen or a member carries the marker', async () => {
  const leader = entryOf(NO_PID);
  const root = { pid: NO_PID, pgid: NO_PID, startTicks: '100' };
  const member = entryOf(NO_PID + 1, { pgid: NO_PID, startTicks: '200' });
  const mark = { name: NAME, value: 'v' };
  const host = hostWith([member]);
  const end = async (more: object): Promise<TreeEnd> =>
    await endTree(root, mark, { host, clock: jumpyClock(0), graceMs: 0, ...more });
  const isMember = { kind: 'immortal', pids: [member.pid] };
  expect(await end({})).toMatchObject({ kind: 'empty' });
  expect(await end({ known: [leader] })).toEqual(isMember);
  expect(await end({ known: [member] })).toEqual(isMember);
  const processes = { ...host.processes, environmentOf: async () => 'v' };
  expect(await end({ host: { ...host, processes } })).toEqual(isMember);
});

test('processes seen in the tree earlier end too, wherever they are now', async () => {
  const tree = await plant('exec sleep 300', procTable(), { [NAME]: 'washed off' });
  const known = [{ pid: tree.root.pid, startTicks: tree.root.startTicks }];
  const exited = once(tree.child, 'exit');
  await endTree(undefined, tree.mark, { host: tree.host, clock: systemClock, graceMs: 5000, known });
  expect(await exited).toEqual([null, 'SIGTERM']);
});

test('a pid reused between the scan and the signal is not signalled', async () => {
  const stranger = await plant('exec sleep 300');
  const { processes } = stranger.host;
  const stale = { ...entryOf(stranger.root.pid), startTicks: 'of before' };
  let scans = 0;
  const list = async () => {
    scans += 1;
    return scans === 1 ? [stale] : [];
  };
  const host = { ...stranger.host, processes: { ...processes, list } };
  const mark = { name: NAME, value: 'of nobody' };
  await endTree(undefined, mark, { host, clock: systemClock, graceMs: 0, known: [stale] });
  expect(isRunning(await processes.read(stranger.root.pid))).toBe(true);
  stranger.child.kill('SIGKILL');
});

test('one empty scan does not mean an empty tree', async () => {
  let scans = 0;
  const list = async () => {
    scans += 1;
    return scans === 2 ? [entryOf(NO_PID)] : [];
  };
  const host = hostWith([]);
  const options = {
    host: { ...host, processes: { ...host.processes, list } },
    clock: jumpyClock(0),
    graceMs: 1000,
    known: [{ pid: NO_PID, startTicks: '100' }],
  };
  expect(await endTree(undefined, { name: NAME, value: 'v' }, options)).toMatchObject({ signalled: 1 });
});

/** Time passes only in sleeps, and by `jumpMs` at the second scan. */
function jumpyClock(jumpMs: number): Clock {
  let now = 0;
  let scans = 0;
  return {
    now: () => now,
    monotonic: () => {
      scans += 1;
      if (scans === 3) now += jumpMs;
      return now;
    },
    sleep: async (ms) => {
      now += ms;
    },
  };
}

// Larger than any real pid, so that no signal can hit a process.
const NO_PID = 2 ** 30;

test('processes that survive SIGKILL are named', async () => {
  const host = hostWith([entryOf(NO_PID, { state: 'D' })]);
  const known = [{ pid: NO_PID, startTicks: '100' }];
  const end = await endTree(
    undefined,
    { name: NAME, value: 'v' },
    { host, clock: jumpyClock(0), graceMs: 50, known },
  );
  expect(end).toEqual({ kind: 'immortal', pids: [NO_PID] });
});

test('a sleep of the whole machine neither shortens the grace period nor makes a process immortal', async () => {
  let reads = 0;
  const processes = tableOf(() => {
    reads += 1;
    return reads < 16 ? [entryOf(NO_PID)] : [];
  });
  const options = {
    host: hostWith([], { processes }),
    clock: jumpyClock(8 * 3_600_000),
    graceMs: 3000,
    known: [{ pid: NO_PID, startTicks: '100' }],
  };
  expect(await endTree(undefined, { name: NAME, value: 'v' }, options)).toEqual({
    kind: 'empty',
    signalled: 1,
    killed: 0,
  });
});
