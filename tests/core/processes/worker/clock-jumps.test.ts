// @module-tag ci
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { identify, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { ChildrenEnvironment } from '../../../../src/core/sandbox/programs/login-shell.ts';
import type { FrozenSettings } from '../../../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { LimitedStatus } from '../../../../src/core/session/events/state.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { limitWait } from '../../../../src/core/session/waits/limit-wait.ts';
import { performWork } from '../../../../src/core/worker/finish/perform.ts';
import { watchAgent } from '../../../../src/core/worker/iteration/run-iteration.ts';
import { limitEnd } from '../../../../src/core/worker/limits/account.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import { restStep } from '../../../../src/core/worker/loop/rest.ts';
import { iterationOf, logPaths } from '../../../../src/core/worker/state/iteration.ts';
import { SupervisorClient } from '../../../../src/core/worker/state/supervisor-client.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { eventually } from '../../../support/eventually.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { STARTED } from '../../../support/work-events.ts';
import { CREATED, PREPARED } from '../../unit/session/events.ts';
import { workerOn } from '../../unit/worker/worker-on.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIMIT_MS = 20_000;
const START_MS = Date.UTC(2026, 0, 8, 10);

/** Sleeping takes time only on this clock, and possibly more than requested. */
class JumpingClock implements Clock {
  nowMs = START_MS;
  monotonicMs = 0;
  sleeps = 0;
  /** How the clocks jump during each sleep, by its number. */
  readonly jumps = new Map<number, { wall?: number; monotonic?: number }>();
  now = () => this.nowMs;
  monotonic = () => this.monotonicMs;
  sleep = async (ms: number) => {
    this.sleeps += 1;
    const { wall = 0, monotonic = 0 } = this.jumps.get(this.sleeps) ?? {};
    this.nowMs += ms + wall;
    this.monotonicMs += ms + monotonic;
  };
}

const BEGUN = [CREATED, PREPARED];
const WORKING = { ...STARTED, log: 'child.jsonl', timeLimitMs: LIMIT_MS };

async function begun(log: TempLog, clock: Clock, settings?: Partial<FrozenSettings>): Promise<Worker> {
  const { paths } = log;
  for (const dir of [paths.commands, paths.logs, iterationPaths(paths, 1).dir])
    await mkdir(dir, { recursive: true });
  const env = { SAMOCODE_SUPERVISOR: 'off' };
  const host = await systemHost();
  const watch = new SupervisorClient({ env, home: paths.runDir, host, clock, program: 'none' });
  return await workerOn(log, BEGUN, { clock, settings, watch, environment: new ChildrenEnvironment({}) });
}

/** Watches a real idle process until the worker would end it. @param said its output so far */
async function watchIdle(worker: Worker, said = 'something\n') {
  const [started] = await worker.writer.append(WORKING);
  const open = worker.writer.state.openIteration;
  if (started === undefined || open === undefined) throw new Error('The iteration did not begin.');
  const child: ChildProcess = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  try {
    const wrapper = await identify(worker.host, child.pid ?? 0);
    if (wrapper === undefined) throw new Error('The process is gone.');
    const { stdout } = logPaths(worker, open);
    await writeFile(stdout, said);
    using log = new AgentOutput(stdout, providerNamed(open.provider));
    return await watchAgent(worker, iterationOf(worker, open), { v: 1, wrapper, startedAt: started.at }, log);
  } finally {
    child.kill('SIGKILL');
  }
}

const NEVER = { firstByteMs: DAY_MS, stallMs: DAY_MS, stallEndMs: DAY_MS };

test('the time limit of an iteration applies when no clock jumps', async () => {
  await using log = await tempLog();
  const clock = new JumpingClock();
  const { end, awakeMs } = await watchIdle(await begun(log, clock, { watch: NEVER }));
  expect({ end, awakeMs }).toEqual({ end: 'timeout', awakeMs: LIMIT_MS });
  expect(clock.monotonicMs).toBe(LIMIT_MS);
});

test.each<[string, { wall: number; monotonic?: number }, number]>([
  ['a wall clock set eight hours ahead', { wall: 8 * HOUR_MS }, 0],
  ['a wall clock set back by a day', { wall: -DAY_MS }, 0],
  // The machine's sleep counts as one long tick of at most two seconds.
  ['eight hours of sleep', { wall: 8 * HOUR_MS, monotonic: 8 * HOUR_MS }, 2000],
])('%s does not shorten the time of an agent', async (_what, jump, counted) => {
  await using log = await tempLog();
  const clock = new JumpingClock();
  clock.jumps.set(10, jump);
  const { end, awakeMs } = await watchIdle(await begun(log, clock, { watch: NEVER }));
  expect(end).toBe('timeout');
  expect(awakeMs).toBeLessThan(LIMIT_MS + 100);
  expect(clock.monotonicMs - (jump.monotonic ?? 0)).toBeGreaterThanOrEqual(LIMIT_MS - counted);
});

test('an agent that has printed nothing yet is not ended because the machine slept', async () => {
  await using log = await tempLog();
  const clock = new JumpingClock();
  for (const at of [2, 4, 6]) clock.jumps.set(at, { wall: 8 * HOUR_MS, monotonic: 8 * HOUR_MS });
  const firstByteMs = 10_000;
  const worker = await begun(log, clock, { watch: { ...NEVER, firstByteMs } });
  const { end } = await watchIdle(worker, '');
  expect(end).toBe('silent');
  // Each sleep counts as at most two seconds.
  expect(clock.monotonicMs - 3 * 8 * HOUR_MS).toBeGreaterThanOrEqual(firstByteMs - 3 * 2000);
});

test('a wrapper is checked once a second, and one that was killed on its own is noticed within a second', async () => {
  await using log = await tempLog();
  const clock = new JumpingClock();
  const worker = await begun(log, clock, { watch: NEVER });
  const { processes } = worker.host;
  const asked: number[] = [];
  let killedMs = 0;
  const read = async (pid: number) => {
    asked.push(clock.monotonicMs);
    if (asked.length === 8) killedMs = clock.monotonicMs + 1;
    return killedMs > 0 && clock.monotonicMs >= killedMs ? undefined : await processes.read(pid);
  };
  const host = { ...worker.host, processes: { ...processes, read } };
  const { end } = await watchIdle({ ...worker, host });
  expect(end).toBe('exited');
  expect(clock.monotonicMs - killedMs).toBeLessThanOrEqual(1000);
  // Except for the process that identifies it.
  expect(asked).toHaveLength(9);
});

test('a supervisor killed while an agent works is replaced within a minute, and a running one is left alone', async () => {
  await using log = await tempLog();
  const clock = new JumpingClock();
  const home = join(log.paths.sessionsDir, 'home');
  const program = join(log.paths.sessionsDir, 'supervisor.cjs');
  await writeFile(program, `require('node:fs').appendFileSync(__filename + '.started', 'x')`);
  const worker = await begun(log, clock, { watch: NEVER });
  const env = { PATH: process.env.PATH };
  const watch = new SupervisorClient({ env, home, host: worker.host, clock, program });
  const supervisor = await acquireLease(watch.paths.leases, { clock, host: worker.host });
  for (const at of [3, 6]) clock.jumps.set(at, { monotonic: 61_000 });
  const sleep = clock.sleep;
  clock.sleep = async (ms) => {
    if (clock.sleeps === 4) {
      expect(clock.monotonicMs).toBeGreaterThan(61_000);
      expect(existsSync(watch.paths.bell)).toBe(false);
      await supervisor.release();
    }
    await sleep(ms);
  };
  await watchIdle({ ...worker, watch });
  await eventually(async () => (await readFile(`${program}.started`, 'utf8')) === 'x', { what: 'its start' });
});

async function limitedUntil(worker: Worker, stated: number | null) {
  const events = await limitEnd(worker, stated);
  await worker.writer.append(...events);
  const { status } = worker.writer.state;
  if (status.kind !== 'limited') throw new Error(`It is ${status.kind}.`);
  return status;
}

/** Waits like the supervisor, whose measurement the worker it starts accepts. */
async function waitedOut(worker: Worker, clock: JumpingClock, status: LimitedStatus): Promise<void> {
  const wait = limitWait(status, clock);
  while (wait.leftMs() > 0) await clock.sleep(Math.min(wait.leftMs(), 60_000));
  expect(await restStep({ ...worker, wake: { limitOver: status.until } })).toBeUndefined();
  expect(worker.writer.state.status.kind).toBe('running');
}

test('a usage limit ends by the wall clock, however it is set in the meantime', async () => {
  for (const wall of [8 * HOUR_MS, -DAY_MS]) {
    await using log = await tempLog();
    const clock = new JumpingClock();
    const worker = await begun(log, clock);
    const status = await limitedUntil(worker, START_MS + HOUR_MS);
    const { until } = status;
    clock.jumps.set(5, { wall });
    await waitedOut(worker, clock, status);
    expect(clock.nowMs).toBeGreaterThanOrEqual(until);
    // Neither earlier than stated nor later than the polling interval.
    expect(clock.nowMs).toBeLessThan(Math.max(until, START_MS + wall) + 10 * 60_000);
  }
});

test('a limit that ended long ago by this clock is still waited for, as an estimate', async () => {
  await using log = await tempLog();
  const clock = new JumpingClock();
  const { until, guessed } = await limitedUntil(await begun(log, clock), START_MS - 7 * HOUR_MS);
  expect(guessed).toBe(true);
  expect(until).toBeGreaterThan(START_MS + 25 * 60_000);
});

test.each([
  ['guessed', null],
  ['stated for the year 33658, and so estimated', 1e15],
])(
  'a limit that is %s ends after half an hour, even if the wall clock is set back by a day',
  async (_how, stated) => {
    await using log = await tempLog();
    const clock = new JumpingClock();
    const worker = await begun(log, clock);
    const status = await limitedUntil(worker, stated);
    expect(status).toMatchObject({ guessed: true });
    clock.jumps.set(5, { wall: -DAY_MS });
    await waitedOut(worker, clock, status);
    expect(clock.monotonicMs).toBeGreaterThan(25 * 60_000);
    expect(clock.monotonicMs).toBeLessThan(35 * 60_000);
  },
);

test('a limit recorded with an absurd time is waited for as an estimate', async () => {
  await using log = await tempLog();
  const clock = new JumpingClock();
  const worker = await begun(log, clock);
  await worker.writer.append({ type: 'limited', until: 9e15, guessed: false, provider: 'rehearsal' });
  const { status } = worker.writer.state;
  await waitedOut(worker, clock, status as LimitedStatus);
  expect(clock.monotonicMs).toBeLessThan(35 * 60_000);
});

const OUT: NewEvent[] = [
  WORKING,
  {
    ...{ type: 'iteration_ended', iteration: 1, phase: 'investigation', ending: 'network', exitCode: 1 },
    ...{ signalNotes: [], changed: false, treeChanged: false, cost: {}, durationMs: 1, flowLines: [] },
    decision: { kind: 'limited', phase: 'investigation', notes: [], until: null, retry: 'excused' },
  },
];

test.each([
  ['set eight hours ahead', { wall: 8 * HOUR_MS }],
  ['set back by a day', { wall: -DAY_MS }],
  ['that continued while the machine slept', { wall: 8 * HOUR_MS, monotonic: 8 * HOUR_MS }],
])(
  'the wait of an outage ends on time or at once by a clock %s, and does not hasten the question to the person',
  async (_how, jump) => {
    await using log = await tempLog();
    const clock = new JumpingClock();
    const worker = await begun(log, clock);
    await worker.writer.append(...OUT);
    await performWork(worker);
    const { status, outage } = worker.writer.state;
    expect(status).toMatchObject({ outage: { kind: 'network', asksAt: START_MS + 12 * HOUR_MS } });
    clock.jumps.set(5, jump);
    await waitedOut(worker, clock, status as LimitedStatus);
    expect(clock.monotonicMs - ('monotonic' in jump ? jump.monotonic : 0)).toBeLessThan(2 * 60_000);
    expect(worker.writer.state.outage).toEqual(outage);
  },
);
