// @module-tag ci
import { rm, writeFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { GIT_ERRORS } from '../../../../src/core/project/git/git-errors.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { watchAgent } from '../../../../src/core/worker/iteration/run-iteration.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import { runStep, runWorker } from '../../../../src/core/worker/loop/run-worker.ts';
import { endAgentTree } from '../../../../src/core/worker/state/processes.ts';
import { countedTable } from '../../../support/hosts.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { type WorkerWithChild, workerWithChild } from '../../unit/worker/worker-with-child.ts';

const DAY_MS = 24 * 60 * 60_000;
const QUICK = quickClock(10, { pauses: 'short' });
const PATIENT = { watch: { firstByteMs: DAY_MS, stallMs: DAY_MS, stallEndMs: DAY_MS } };

const failing = (error: Error) => async () => {
  throw error;
};

const blocks = async (log: TempLog) =>
  (await readEvents(log.paths, 0)).filter(({ type }) => type === 'blocked');

async function watch({ worker, open, child, stdout }: WorkerWithChild) {
  using log = new AgentOutput(stdout, providerNamed(open.provider));
  return await watchAgent(worker, open, child, log);
}

test.each([
  ['an error that a person must fix', GIT_ERRORS.git_no_folder({ cwd: '/gone' })],
  ['a refused file', Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/refused' })],
  ['a bug in the program', new TypeError('x is not a function')],
])('%s does not block a session while the agent of its iteration runs', async (_, error) => {
  await using log = await tempLog();
  await using scene = await workerWithChild(log);
  await expect(runStep(scene.worker, failing(error))).rejects.toBe(error);
  expect(await blocks(log)).toEqual([]);
});

test('an error that a person must fix blocks the session once the agent has ended', async () => {
  await using log = await tempLog();
  await using scene = await workerWithChild(log);
  await endAgentTree(scene.worker, scene.child, { leftoversOnly: true });
  await runStep(scene.worker, failing(GIT_ERRORS.git_no_folder({ cwd: '/gone' })));
  expect(await blocks(log)).toMatchObject([{ rule: 'git_no_folder' }]);
});

test('an unreadable process table does not end the watch over an agent before its time limit', async () => {
  await using log = await tempLog();
  const { processes } = await systemHost();
  const fails = failing(new Error('ps was killed'));
  const host = { processes: { ...processes, list: fails, walk: fails } };
  await using scene = await workerWithChild(log, {
    settings: PATIENT,
    host,
    clock: QUICK,
    timeLimitMs: 2500,
  });
  expect(await watch(scene)).toMatchObject({ end: 'timeout' });
});

test('inside the guard, the processes of an agent are not read while it runs', async () => {
  await using log = await tempLog();
  const { counts, table } = countedTable((await systemHost()).processes);
  await using scene = await workerWithChild(log, {
    settings: PATIENT,
    host: { processes: table },
    clock: QUICK,
    timeLimitMs: 2500,
  });
  expect(await watch({ ...scene, child: { ...scene.child, guard: true } })).toMatchObject({ end: 'timeout' });
  expect(counts).toMatchObject({ listings: 0, walks: 0 });
});

test('the silence of an agent counts from when another worker adopts it', async () => {
  await using log = await tempLog();
  const minute = 60_000;
  const settings = { watch: { ...PATIENT.watch, stallMs: 10 * minute, stallEndMs: 20 * minute } };
  await using scene = await workerWithChild(log, { settings, clock: QUICK, timeLimitMs: 25 * minute + 4000 });
  await writeFile(iterationPaths(log.paths, scene.open.iteration).awake, `${25 * minute}\n`);
  expect(await watch(scene)).toMatchObject({ end: 'timeout' });
  expect((await readEvents(log.paths, 0)).filter(({ type }) => type === 'notice')).toEqual([]);
});

test('a lost lease ends the watch over a running agent', async () => {
  await using log = await tempLog();
  await using scene = await workerWithChild(log, { settings: PATIENT, timeLimitMs: DAY_MS });
  await log.open({ takeOver: true });
  await leaveCommand(log.paths, stopNow());
  await expect(watch(scene)).rejects.toMatchObject({ code: 'lease_lost' });
});

const stopNow = () => ({
  ...{ v: 1 as const, id: ulid(), by: { channel: 'cli' as const }, at: '2026-01-08T10:00:00.000Z' },
  ...{ kind: 'stop' as const, when: 'now' as const },
});

test.each(['git_timeout', 'child_immortal'])(
  'a stop of a session that is blocked by %s starts a worker that ends the agent still running',
  async (rule) => {
    await using log = await tempLog();
    const { paths } = log;
    const script = 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; sleep 300 | cat" & sleep 300 | cat';
    await using scene = await workerWithChild(log, { script });
    await expect.poll(scene.living).toBeGreaterThanOrEqual(7);
    await scene.worker.writer.append({
      ...{ type: 'blocked', phase: 'investigation', reason: 'r', needs: 'error_resolution', rule },
    });
    // The worker that recorded it has left.
    await rm(paths.leases, { recursive: true });
    await writeFile(paths.sessionFile, JSON.stringify(scene.worker.file));
    await leaveCommand(paths, stopNow());
    const { sessionsDir, folder, runDir: HOME } = paths;
    const env = { HOME, PATH: process.env.PATH, SAMOCODE_SUPERVISOR: 'off' };
    const programs = { rehearsalProgram: 'none', supervisorProgram: 'none' };
    const host = await systemHost();
    await runWorker({ sessionsDir, folder, clock: systemClock, host, env, ...programs });
    expect((await readSession(paths, host))?.state.status.kind).toBe('stopped');
    expect(await scene.living()).toBe(0);
  },
);
