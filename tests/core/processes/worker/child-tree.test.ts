// @module-tag ci
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { isRunning, type ProcessEntry } from '../../../../src/core/kernel/processes/process-table.ts';
import type { ChildRecord } from '../../../../src/core/sandbox/programs/run-child.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { AgentTree, endAgentTree } from '../../../../src/core/worker/state/processes.ts';
import { countedTable, entryOf, tableOf } from '../../../support/hosts.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { type WorkerWithChild, workerWithChild } from '../../unit/worker/worker-with-child.ts';

/** Larger than any real pid, so that no signal can hit a process. */
const FIRST_PID = 2 ** 30;

/** Services and their workers, none of which has to do with a session. */
const SERVICES = Array.from({ length: 100 }, (_, index) => entryOf(FIRST_PID + index));
const WORKERS = SERVICES.flatMap(({ pid }, index) =>
  Array.from({ length: 49 }, (_, at) => entryOf(FIRST_PID + 1000 + index * 49 + at, { ppid: pid })),
);
const WORKER_PID = FIRST_PID + 10_000;
const WRAPPER = entryOf(WORKER_PID + 1, { ppid: WORKER_PID });
const AGENT = entryOf(WORKER_PID + 2, { ppid: WRAPPER.pid, pgid: WRAPPER.pid });
const TOOLS = [3, 4, 5].map((at) => entryOf(WORKER_PID + at, { ppid: AGENT.pid, pgid: WRAPPER.pid }));
const TREE = [WRAPPER, AGENT, ...TOOLS];
const MACHINE = [entryOf(1, { ppid: 0 }), ...SERVICES, ...WORKERS, entryOf(WORKER_PID)];

/** A worker on a machine of 5,000 processes, on which an agent works. */
async function onLargeMachine(log: TempLog, more: Partial<ChildRecord> = {}, machine = MACHINE) {
  let tree: ProcessEntry[] = TREE;
  const { counts, table } = countedTable({
    ...tableOf(() => [...machine, ...tree]),
    environmentOf: async (pid) => (tree.some((entry) => entry.pid === pid) ? worker.file.id : undefined),
  });
  // Its grace period never ends.
  const clock = { ...systemClock, monotonic: () => 0 };
  const scene = await workerWithChild(log, { host: { processes: table }, clock });
  const { worker } = scene;
  const wrapper = { ...scene.child.wrapper, pid: WRAPPER.pid, startTicks: WRAPPER.startTicks };
  const beginCount = () => Object.assign(counts, { stats: 0, environments: 0, walks: 0, listings: 0 });
  const leave = (left: ProcessEntry[]) => {
    tree = left;
  };
  const child = { ...scene.child, wrapper, ...more };
  return { ...scene, child, counts, beginCount, leave, [Symbol.asyncDispose]: scene[Symbol.asyncDispose] };
}

/** The wrapper is read once more, its worker and pid 1 twice. */
const ANCESTORS = 5;

test('on a machine with 5,000 processes, a sample of an agent reads its tree and its ancestors alone', async () => {
  await using log = await tempLog();
  await using scene = await onLargeMachine(log);
  const tree = new AgentTree(scene.worker, scene.child);
  expect((await tree.noteMembers()).map(({ pid }) => pid)).toEqual(TREE.map(({ pid }) => pid));
  // The first sample also examines the children of its ancestors: an agent may have left some before.
  expect(scene.counts).toMatchObject({ listings: 0, environments: SERVICES.length + 2 });
  scene.beginCount();
  expect(await tree.noteMembers()).toHaveLength(TREE.length);
  expect(scene.counts).toMatchObject({ listings: 0, environments: 0, stats: TREE.length + ANCESTORS });
});

test.each([
  ['pid 1 adopted it', MACHINE],
  ['pid 1, which the system hides, adopted it', MACHINE.filter(({ pid }) => pid !== 1)],
])('a sample sees a process whose parents have ended: %s', async (_, machine) => {
  await using log = await tempLog();
  await using scene = await onLargeMachine(log, {}, machine);
  const tree = new AgentTree(scene.worker, scene.child);
  await tree.noteMembers();
  const orphan = entryOf(WORKER_PID + 9, { ppid: 1 });
  scene.leave([...TREE, orphan]);
  expect(await tree.noteMembers()).toEqual([...TREE, orphan]);
});

test('on a machine with 5,000 processes, the end of an agent without the guard reads all of them twice', async () => {
  await using log = await tempLog();
  await using scene = await onLargeMachine(log);
  const known = await new AgentTree(scene.worker, scene.child).noteMembers();
  scene.leave([]);
  scene.beginCount();
  await endAgentTree(scene.worker, scene.child, { leftoversOnly: true, known });
  expect(scene.counts).toMatchObject({ listings: 2, environments: 2 * MACHINE.length });
});

test('while its last processes have time to exit, the end of an agent reads no others', async () => {
  await using log = await tempLog();
  await using scene = await onLargeMachine(log);
  scene.leave(TREE.slice(0, 1));
  const ending = endAgentTree(scene.worker, scene.child, { leftoversOnly: true });
  await expect.poll(() => scene.counts.stats).toBeGreaterThan(4);
  expect(scene.counts.listings).toBe(1);
  scene.leave([]);
  expect(await ending).toMatchObject({ kind: 'empty', killed: 0 });
});

test.each([
  ['has ended', []],
  ['is ending', [entryOf(AGENT.pid, { pgid: WRAPPER.pid })]],
])('in the guard, the end of an agent reads its own processes alone: its first one %s', async (_, left) => {
  await using log = await tempLog();
  await using scene = await onLargeMachine(log, { guard: true });
  const { guardStatus } = iterationPaths(log.paths, 1);
  await mkdir(dirname(guardStatus), { recursive: true });
  await writeFile(guardStatus, `{ "child-pid": ${AGENT.pid}, "pid-namespace": 4026532178 }\n`);
  scene.leave(left);
  const known = [scene.child.wrapper];
  const ending = endAgentTree(scene.worker, scene.child, { leftoversOnly: true, known });
  const isOver = left.length === 0;
  await expect.poll(() => scene.counts.stats).toBeGreaterThan(isOver ? 1 : 10);
  scene.leave([]);
  expect(await ending).toMatchObject({ kind: 'empty' });
  expect(scene.counts).toMatchObject({ listings: 0, environments: 0 });
});

test.each([
  ['has not named the first process', '{ }\n', true],
  ['was not seen by this worker', `{ "child-pid": ${AGENT.pid} }\n`, false],
])('in a guard that %s, the end of an agent reads all processes', async (_, status, isSeen) => {
  await using log = await tempLog();
  await using scene = await onLargeMachine(log, { guard: true });
  const { guardStatus } = iterationPaths(log.paths, 1);
  await mkdir(dirname(guardStatus), { recursive: true });
  await writeFile(guardStatus, status);
  scene.leave([]);
  const known = isSeen ? [scene.child.wrapper] : [];
  await endAgentTree(scene.worker, scene.child, { leftoversOnly: true, known });
  expect(scene.counts.listings).toBe(2);
});

/** An agent without the guard; `text` waits for what a script writes into a file. */
async function agentDoing(log: TempLog, script: string) {
  const scene = await workerWithChild(log, { script });
  const at = (name: string) => join(log.paths.runDir, name);
  const text = async (name: string) => {
    const read = () => readFile(at(name), 'utf8').catch(() => '');
    await expect.poll(read).toMatch(/\n/);
    return (await read()).trim();
  };
  const isLiving = async (pid: string) => isRunning(await (await systemHost()).processes.read(Number(pid)));
  const tell = (name: string) => writeFile(at(name), '');
  return { ...scene, text, tell, isLiving, [Symbol.asyncDispose]: scene[Symbol.asyncDispose] };
}

const until = (name: string) => `until [ -e ${name} ]; do sleep 0.02; done`;

const end = async ({ worker, child }: WorkerWithChild, tree: AgentTree) =>
  await endAgentTree(worker, child, { leftoversOnly: true, known: [child.wrapper, ...tree.known] });

test('a process that forks twice into another session between two samples ends with its agent', async () => {
  await using log = await tempLog();
  const daemon = `(setsid sh -c 'sleep 600 & echo $! >daemon' &)`;
  await using scene = await agentDoing(log, `echo up >up; ${until('fork')}; ${daemon}; sleep 600`);
  const tree = new AgentTree(scene.worker, scene.child);
  await scene.text('up');
  await tree.noteMembers();
  await scene.tell('fork');
  const pid = await scene.text('daemon');
  expect(tree.known.map((entry) => String(entry.pid))).not.toContain(pid);
  expect(await end(scene, tree)).toMatchObject({ kind: 'empty' });
  expect(await scene.isLiving(pid)).toBe(false);
  expect(await scene.living()).toBe(0);
});

test.each([
  ['in another session', 'setsid'],
  ['without the marker in the group of the agent', 'env -i'],
])('a process ends with its agent that was started without the marker by a daemon %s', async (_, start) => {
  await using log = await tempLog();
  const washed = `env -i setsid sleep 600 & echo $! >washed; ${until('leave')}`;
  const daemon = `(${start} sh -c 'echo $$ >daemon; ${until('wash')}; ${washed}' &)`;
  await using scene = await agentDoing(log, `${daemon}; sleep 600`);
  const tree = new AgentTree(scene.worker, scene.child);
  const daemonPid = await scene.text('daemon');
  await scene.tell('wash');
  const pid = await scene.text('washed');
  expect((await tree.noteMembers()).map((entry) => String(entry.pid))).toContain(pid);
  await scene.tell('leave');
  await expect.poll(() => scene.isLiving(daemonPid)).toBe(false);
  expect(await end(scene, tree)).toMatchObject({ kind: 'empty' });
  expect(await scene.isLiving(pid)).toBe(false);
});
