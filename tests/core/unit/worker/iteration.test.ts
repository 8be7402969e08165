import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { type ChildRecord, exitFile } from '../../../../src/core/sandbox/programs/run-child.ts';
import type { PlanServer } from '../../../../src/core/session/events/bodies/positions.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { iterationPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import {
  KEPT_ITERATIONS,
  removeOldIterations,
} from '../../../../src/core/worker/iteration/finish-iteration.ts';
import { agentServers, prepareIteration } from '../../../../src/core/worker/iteration/start.ts';
import { AwakeTime } from '../../../../src/core/worker/iteration/watch.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import {
  iterationOf,
  readAwakeMs,
  readEndedByUs,
  readExit,
} from '../../../../src/core/worker/state/iteration.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { WorkerGuard } from '../../../../src/core/worker/state/worker-guard.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { workerOn } from './worker-on.ts';

const CHILD: ChildRecord = {
  v: 1,
  wrapper: { pid: 4711, startTicks: '1', bootId: 'boot', pidNamespace: '', hostId: 'host' },
  startedAt: '2026-01-08T14:37:00.000Z',
};

async function place() {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-boats');
  const files = iterationPaths(paths, 1);
  await mkdir(files.dir, { recursive: true });
  return { paths, files, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test.each([
  ['0\n', '0'],
  ['never started\n', 'never started'],
  // Still being written, or cut off by a full disk or a power failure: the ending is unknown.
  ['', undefined],
  ['14', undefined],
])('the exit status file %j gives %j', async (text, status) => {
  await using it = await place();
  expect(await readExit(it, CHILD)).toBeUndefined();
  await writeFile(exitFile(it.files.exit, CHILD), text);
  expect(await readExit(it, CHILD)).toBe(status);
});

test('the reason and the awake time of an ended agent are read without their line ends', async () => {
  await using it = await place();
  expect([await readEndedByUs(it), await readAwakeMs(it)]).toEqual([undefined, 0]);
  await writeFile(it.files.endedByUs, 'timeout\n');
  await writeFile(it.files.awake, '1500\n');
  expect([await readEndedByUs(it), await readAwakeMs(it)]).toEqual(['timeout', 1500]);
});

test('an exit status that an agent made unreadable counts as missing', async () => {
  await using it = await place();
  const path = exitFile(it.files.exit, CHILD);
  await writeFile(path, '0\n');
  await chmod(path, 0);
  expect(await asOrdinaryUser(() => readExit(it, CHILD))).toBeUndefined();
});

test('the overview is saved as the agent finds it, and a pipe at its path does not block', async () => {
  await using log = await tempLog();
  const { paths } = log;
  const unguarded = await workerOn(log, [], { rehearsalProgram: 'none' });
  const { file, writer } = unguarded;
  const git = new GitGuard(paths, file, {}, () => 'none');
  const worker = Object.assign(unguarded, { git, guard: new WorkerGuard(unguarded) });
  await writer.append({
    type: 'iteration_started',
    iteration: 1,
    phase: 'planning',
    provider: 'claude',
    model: '',
    log: 'child.jsonl',
    childUuid: 'u',
    timeLimitMs: 1000,
    credentials: [],
    sandbox: 'none',
  });
  const begun = writer.state.openIteration;
  if (begun === undefined) throw new Error('The iteration is not open.');
  const open = iterationOf(worker, begun);
  const { files } = open;
  await mkdir(paths.sessionDir, { recursive: true });
  await mkdir(files.dir, { recursive: true });
  await writeFile(paths.overview, 'Phase: planning\n');
  await prepareIteration(worker, open);
  expect(await readFile(files.overviewBefore, 'utf8')).toBe('Phase: planning\n');
  await rm(files.overviewBefore);
  await rm(paths.overview);
  execFileSync('mkfifo', [paths.overview]);
  // A reader that waits at the pipe gets this and continues.
  const writing = execFile('timeout', ['3', 'sh', '-c', 'echo waited >"$0"', paths.overview]);
  await prepareIteration(worker, open);
  writing.kill();
  expect(await ifExists(readFile(files.overviewBefore, 'utf8'))).toBeUndefined();
});

const TICKETS: PlanServer = { name: 'tickets', command: ['tickets-mcp', '--stdio'] };

/** A worker whose log has `servers` accepted with the plan `h`. */
function workerWith(dir: string, { servers, mcpPath, hash = 'h' }: Given): Worker {
  const paths = sessionPaths(dir, '26-01-08-x');
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: dir });
  const file = { ...sample, settings: { ...sample.settings, ...(mcpPath && { mcpPath }) } };
  const approvedPlan = { name: 'plan.md', hash, by: { channel: 'cli' } } as const;
  const state = { ...emptyState(), approvedPlan, planServers: { h: servers } };
  return { paths, file, env: { PATH: dir }, writer: { state } } as unknown as Worker;
}

interface Given {
  servers: PlanServer[];
  mcpPath?: string;
  hash?: string;
}

test('servers accepted with the plan are added to those of the MCP file, which take precedence on equal names', async () => {
  await using dir = await tempDir();
  const mcpPath = join(dir.path, 'mcp.json');
  await writeFile(mcpPath, JSON.stringify({ mcpServers: { docs: { url: 'https://docs.example/mcp' } } }));
  const docs: PlanServer = { name: 'docs', command: ['other-docs'] };
  const worker = workerWith(dir.path, { servers: [TICKETS, docs], mcpPath });
  const tickets = { command: 'tickets-mcp', args: ['--stdio'] };
  expect(await agentServers(worker, { inGuard: true })).toEqual({
    configPath: mcpPath,
    accepted: { tickets },
    serverNames: ['docs', 'tickets'],
    servers: { docs: { url: 'https://docs.example/mcp' }, tickets },
  });
});

test('without an MCP file an agent gets only the accepted servers, and without either none', async () => {
  await using dir = await tempDir();
  const alone = await agentServers(workerWith(dir.path, { servers: [TICKETS] }), { inGuard: true });
  expect(alone).toMatchObject({ serverNames: ['tickets'], accepted: alone?.servers });
  expect(alone).not.toHaveProperty('configPath');
  expect(await agentServers(workerWith(dir.path, { servers: [] }), { inGuard: true })).toBeUndefined();
});

test('servers of a plan that is no longer approved are not started', async () => {
  await using dir = await tempDir();
  const worker = workerWith(dir.path, { servers: [TICKETS], hash: 'another' });
  expect(await agentServers(worker, { inGuard: true })).toBeUndefined();
});

test('the built-in browser server uses the Chromium of the machine, without its sandbox inside the guard', async () => {
  await using dir = await tempDir();
  const chromium = join(dir.path, 'chromium');
  await writeFile(chromium, '');
  await chmod(chromium, 0o755);
  const worker = workerWith(dir.path, { servers: [{ name: 'browser' }] });
  const args = (await agentServers(worker, { inGuard: true }))?.servers.browser?.args;
  expect(args).toEqual(expect.arrayContaining(['--no-sandbox', '--executable-path', chromium]));
});

test('the machine files of the newest iterations are kept, and older ones are removed', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  for (let iteration = 1; iteration <= KEPT_ITERATIONS + 3; iteration += 1) {
    await mkdir(iterationPaths(paths, iteration).dir, { recursive: true });
    await writeFile(iterationPaths(paths, iteration).prompt, 'x');
  }
  await mkdir(join(paths.iterations, 'notes'));
  removeOldIterations(paths, KEPT_ITERATIONS + 3);
  expect((await readdir(paths.iterations)).sort()).toEqual([
    ...Array.from({ length: KEPT_ITERATIONS }, (_, index) => String(index + 4).padStart(3, '0')),
    'notes',
  ]);
});

test('a session with few iterations, or without their folder, loses no files', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  removeOldIterations(paths, 1000);
  await mkdir(iterationPaths(paths, 1).dir, { recursive: true });
  removeOldIterations(paths, KEPT_ITERATIONS);
  expect(await readdir(paths.iterations)).toEqual(['001']);
});

/** A clock that only a test advances; `now` may have any value. */
class MovedClock implements Clock {
  nowMs = Date.UTC(2026, 0, 8);
  monotonicMs = 0;
  now = () => this.nowMs;
  monotonic = () => this.monotonicMs;
  sleep = async () => undefined;
}

async function scene() {
  const dir = await tempDir();
  const clock = new MovedClock();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const files = iterationPaths(paths, 1);
  await mkdir(files.dir, { recursive: true });
  const resume = () => AwakeTime.resume({ clock }, { files });
  return { clock, paths, resume, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test('small ticks count in full, and a gap of hours counts as one tick', async () => {
  await using here = await scene();
  const awake = await here.resume();
  for (let tick = 0; tick < 20; tick += 1) {
    here.clock.monotonicMs += 50;
    awake.tick();
  }
  expect(awake.ms).toBe(1000);
  here.clock.monotonicMs += 8 * 3_600_000;
  awake.tick();
  expect(awake.ms).toBeLessThanOrEqual(3000);
});

test.each([8 * 3_600_000, -24 * 3_600_000])(
  'a wall clock that jumps by %d ms changes nothing',
  async (jump) => {
    await using here = await scene();
    const awake = await here.resume();
    here.clock.nowMs += jump;
    here.clock.monotonicMs += 500;
    awake.tick();
    expect(awake.ms).toBe(500);
  },
);

test('a later worker continues from the saved time, on a clock that restarts', async () => {
  await using here = await scene();
  const first = await here.resume();
  here.clock.monotonicMs += 1500;
  first.tick();
  first.save();
  here.clock.monotonicMs = -1_000_000;
  const second = await here.resume();
  here.clock.monotonicMs += 100;
  second.tick();
  expect(second.ms).toBe(1600);
});

test('the saved time is at most five seconds old, and is written no more often than that', async () => {
  await using here = await scene();
  const awake = await here.resume();
  const saved: number[] = [];
  for (let second = 1; second <= 21; second += 1) {
    here.clock.monotonicMs += 1000;
    awake.tick();
    awake.saveIfDue();
    saved.push((await here.resume()).ms);
  }
  expect(new Set(saved)).toEqual(new Set([0, 5000, 10_000, 15_000, 20_000]));
});

test('whatever the file contains, time starts at zero or above', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.double().map(String)), async (text) => {
      await using here = await scene();
      const path = iterationPaths(here.paths, 1).awake;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      expect((await here.resume()).ms).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 50 },
  );
});
