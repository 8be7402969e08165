import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { notePlanWindows } from '../../../../src/core/sandbox/plan-windows.ts';
import type { LaunchReason } from '../../../../src/core/sandbox/programs/launch-worker.ts';
import { ChildrenEnvironment } from '../../../../src/core/sandbox/programs/login-shell.ts';
import { type NewEvent, parseEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { Slots } from '../../../../src/core/session/folder/slots.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import type { EventWriter } from '../../../../src/core/session/log/event-writer.ts';
import { freeAgent, shareLimit } from '../../../../src/core/worker/limits/account.ts';
import { noteCost, queueReason } from '../../../../src/core/worker/limits/queue.ts';
import { Blocked } from '../../../../src/core/worker/state/interrupts.ts';
import { SupervisorClient } from '../../../../src/core/worker/state/supervisor-client.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { hostWith } from '../../../support/hosts.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { CREATED, eventLines, PREPARED, writeEvents } from '../session/events.ts';
import { workerOn } from './worker-on.ts';

const QUEUED: NewEvent = { type: 'queued', reason: 'full' };
const HOST = hostWith([]);
const minute = (number: number) => Date.UTC(2026, 0, 8, 10, number);

interface Plan {
  maxParallel?: number;
  /** Without a supervisor. */
  alone?: boolean;
  wake?: LaunchReason;
  /** Lines of the config folder's `.env`. */
  settings?: string;
}

/** The worker of a session created in minute 5 that needs a slot, next to others of its project. */
async function scene({ maxParallel = 1, alone = false, wake = {}, settings = '' }: Plan = {}) {
  const dir = await tempDir();
  const sessionsDir = join(dir.path, 'sessions');
  const env = { HOME: dir.path };
  const watch = new SupervisorClient({ env, home: dir.path, host: HOST, clock, program: 'none' });
  if (!alone) await acquireLease(watch.paths.leases, { clock, host: HOST });
  const settingsPath = join(dir.path, '.config/samocode/.env');
  const configure = async (lines: string) => {
    await mkdir(join(dir.path, '.config/samocode'), { recursive: true });
    await writeFile(settingsPath, lines);
  };
  await configure(settings);
  const worker = (folder = 'ours', made = minute(5)): Worker => {
    const sample = sessionFileSample({ folder, id: folder, sessionsDir });
    const file = { ...sample, settings: { ...sample.settings, maxParallel } };
    const slots = new Slots(
      sessionsDir,
      { project: maxParallel, machine: watch.machineSlots },
      { clock, host: HOST, under: { leases: sessionPaths(sessionsDir, folder).leases, number: 1 } },
    );
    const writer = { state: stateOf([CREATED, PREPARED], made) } as EventWriter;
    const parts = {
      memory: {},
      paths: sessionPaths(sessionsDir, folder),
      file,
      clock,
      host: HOST,
      ...{ env, environment: new ChildrenEnvironment(env) },
      wake,
      watch,
      slots,
    };
    return { ...parts, writer } as Partial<Worker> as Worker;
  };
  /** Another queued session of this supervisor, without a worker. */
  const queued = async (folder: string, made: number, supervisor = watch.identity): Promise<SessionPaths> => {
    const paths = sessionPaths(sessionsDir, folder);
    await writeEvents(paths, [CREATED, PREPARED, QUEUED], made);
    const lease = await acquireLease(paths.leases, { clock, host: HOST, supervisor });
    await lease.release();
    return paths;
  };
  return {
    worker,
    queued,
    configure,
    settingsPath,
    watch,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

function stateOf(events: readonly NewEvent[], startMs: number): SessionState {
  const lines = eventLines(events, startMs).trimEnd().split('\n');
  return lines.reduce((state, line) => {
    const reading = parseEvent(line);
    return reading.kind === 'event' ? fold(state, reading.event) : state;
  }, emptyState());
}

test('a session takes a free slot and keeps it between agents', async () => {
  await using given = await scene();
  const ours = given.worker();
  expect(await queueReason(ours)).toBeUndefined();
  // Which of those that wait is next is the supervisor's choice.
  await given.queued('older', minute(1));
  expect(await queueReason(ours)).toBeUndefined();
  expect(await queueReason(given.worker('third'))).toMatch(
    /^the project's limit of parallel sessions is reached/,
  );
  await ours.slots.leave();
  expect(await queueReason(given.worker('third'))).toBeUndefined();
});

test('a session that finds no slot names the limit that is reached', async () => {
  await using given = await scene({ settings: 'MAX_PARALLEL_ON_MACHINE=2\n' });
  expect(await queueReason(given.worker())).toBeUndefined();
  expect(await queueReason(given.worker('second'))).toBe(
    "the project's limit of parallel sessions is reached: ours",
  );
  await using wide = await scene({ maxParallel: 5, settings: 'MAX_PARALLEL_ON_MACHINE=1\n' });
  expect(await queueReason(wide.worker())).toBeUndefined();
  expect(await queueReason(wide.worker('second'))).toBe(
    "the machine's limit of parallel sessions is reached: ours",
  );
});

test('above the limit of a day a session releases its slot and queues, and continues once the limit is raised', async () => {
  await using given = await scene({ settings: 'MAX_COST_USD_PER_DAY=2\n' });
  const ours = given.worker();
  expect(await queueReason(ours)).toBeUndefined();
  await noteCost(ours, { iteration: 1, usd: 1.5 });
  expect(await queueReason(ours)).toBeUndefined();
  await noteCost(given.worker('other'), { iteration: 1, usd: 0.75 });
  expect(await queueReason(ours)).toMatch(
    /^the sessions of this machine have cost \$2\.25 today, of the \$2\.00 that they may cost a day; this session continues after midnight/,
  );
  expect(ours.slots.isHeld).toBe(false);
  await given.configure('MAX_COST_USD_PER_DAY=3\n');
  expect(await queueReason(ours)).toBeUndefined();
  expect(ours.slots.isHeld).toBe(true);
});

test('if the cost of the day cannot be recorded, no agent starts under a limit, and the reason names the folder', async () => {
  await using given = await scene({ settings: 'MAX_COST_USD_PER_DAY=1\n' });
  const { spent, dir } = given.watch.paths;
  await mkdir(dir, { recursive: true });
  await writeFile(spent, '');
  const ours = given.worker();
  expect(await queueReason(ours)).toContain(`is unknown: ${spent} is not a folder.`);
  expect(ours.slots.isHeld).toBe(false);
  await given.configure('');
  expect(await queueReason(ours)).toBeUndefined();
});

test('a cost that could not be written to a full disk is recorded before the next agent, even by a later worker', async () => {
  await using given = await scene({ settings: 'MAX_COST_USD_PER_DAY=1\n' });
  const before = given.worker();
  await noteCost(before, { iteration: 1, usd: 0.25 });
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await noteCost(before, { iteration: 2, usd: 3 });
  }
  const endedAt = new Date(clock.now()).toISOString();
  const lastIteration = {
    iteration: 2,
    phase: 'planning',
    ending: 'signalled',
    durationMs: 1,
    usd: 3,
    endedAt,
  };
  const next = given.worker();
  Object.assign(next.writer.state, { lastIteration });
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    expect(await queueReason(next)).toContain('cannot be written (ENOSPC)');
  }
  expect(await queueReason(next)).toContain('have cost $3.25 today');
});

test('unreadable machine settings may limit the day: no agent starts', async () => {
  await using given = await scene();
  await rm(given.settingsPath);
  await mkdir(given.settingsPath);
  expect(await queueReason(given.worker())).toContain(
    'the settings of this machine, which may limit the cost per day, cannot be read',
  );
});

test('a limit of the day known only to a login shell queues no session, because its supervisor would admit it at once', async () => {
  await using given = await scene();
  const { env, ...parts } = given.worker();
  const environment = new ChildrenEnvironment(env);
  environment.now = { ...env, MAX_COST_USD_PER_DAY: '0' };
  const ours = { ...parts, environment, env: environment.now } as Worker;
  expect(await queueReason(ours)).toBeUndefined();
});

const CLI = { channel: 'cli' } as const;

function childOf(provider: string, credentials: string[]): NewEvent {
  return {
    type: 'iteration_started',
    iteration: 1,
    phase: 'investigation',
    provider,
    model: '',
    log: 'child.jsonl',
    childUuid: 'u',
    timeLimitMs: 1000,
    sandbox: 'none',
    credentials,
  };
}

/** The worker of a session on Claude Code, with Codex as fallback, after these agents. */
async function workerAfter(
  log: TempLog,
  env: Record<string, string>,
  events: readonly NewEvent[],
): Promise<Worker> {
  const { sessionsDir: home } = log.paths;
  return await workerOn(log, [CREATED, ...events], {
    settings: { provider: 'claude', providers: {}, fallback: ['codex'] },
    ...{ clock, env: { HOME: home, ...env }, environment: new ChildrenEnvironment(env) },
    watch: { home } as Worker['watch'],
  });
}

/** Why no agent may be chosen. */
const whyBlocked = async (worker: Worker) => {
  const error = await freeAgent(worker).catch((thrown: unknown) => thrown);
  return error instanceof Blocked ? error.block.reason : undefined;
};

test("an agent of another provider in between does not allow the first provider's account to change", async () => {
  await using log = await tempLog();
  const events = [childOf('claude', []), childOf('codex', ['OPENAI_API_KEY'])];
  const worker = await workerAfter(log, { ANTHROPIC_API_KEY: 'k' }, events);
  expect(await whyBlocked(worker)).toContain(
    'claude would use other credentials (set now: ANTHROPIC_API_KEY)',
  );
});

test('a provider that replaces one at its limit must keep its own account', async () => {
  await using log = await tempLog();
  const events = [childOf('codex', ['OPENAI_API_KEY']), childOf('claude', [])];
  const worker = await workerAfter(log, {}, events);
  expect((await freeAgent(worker))?.provider.name).toBe('claude');
  await shareLimit(worker, 'claude', { until: clock.now() + 60_000, guessed: false });
  const why = 'codex would use other credentials (no longer set: OPENAI_API_KEY)';
  expect(await whyBlocked(worker)).toContain(why);
});

test('what is kept of one plan lets another provider take over, until that one is kept as well', async () => {
  await using log = await tempLog();
  const worker = await workerAfter(log, { KEEP_5H: '20%' }, []);
  const home = { dir: log.paths.sessionsDir, env: worker.env };
  const seen = (endsInMs: number) => {
    const seenAt = clock.now();
    return [{ window: '5h', used: 0.8, endsAt: seenAt + endsInMs, seenAt, from: 'agent' } as const];
  };
  await notePlanWindows('claude', home, seen(7_200_000));
  expect(await freeAgent(worker)).toMatchObject({
    provider: { name: 'codex' },
    insteadOf: { provider: 'claude', limit: { kept: [{ window: '5h', keep: 20 }] } },
  });
  await notePlanWindows('codex', home, seen(3_600_000));
  expect(await freeAgent(worker)).toBeUndefined();
  expect(worker.writer.state.status).toMatchObject({ kind: 'limited', kept: [{ provider: 'codex' }] });
});

test.each([
  [
    'a person who resumes accepts the new account',
    { type: 'resumed', by: CLI, phase: 'investigation', resetsCounts: true },
    true,
  ],
  [
    'a changed file does not accept the new account',
    { type: 'resumed', by: { channel: 'file' }, phase: 'investigation', resetsCounts: false },
    false,
  ],
] as [string, NewEvent, boolean][])('%s', async (_who, resumed, accepted) => {
  await using log = await tempLog();
  const worker = await workerAfter(log, { ANTHROPIC_API_KEY: 'k' }, [childOf('claude', []), resumed]);
  expect((await whyBlocked(worker)) === undefined).toBe(accepted);
});
