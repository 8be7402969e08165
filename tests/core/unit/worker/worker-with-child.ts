import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { endTree } from '../../../../src/core/kernel/processes/end-tree.ts';
import { type Host, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { isRunning } from '../../../../src/core/kernel/processes/process-table.ts';
import type { SandboxLevel } from '../../../../src/core/kernel/sandbox-level.ts';
import type { Guard } from '../../../../src/core/sandbox/guard/make-guard.ts';
import { SESSION_MARK } from '../../../../src/core/sandbox/programs/marks.ts';
import { type ChildRecord, runChild } from '../../../../src/core/sandbox/programs/run-child.ts';
import type { FrozenSettings } from '../../../../src/core/session/events/bodies/session-file.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { type Iteration, iterationOf, wrapperName } from '../../../../src/core/worker/state/iteration.ts';
import { SupervisorClient } from '../../../../src/core/worker/state/supervisor-client.ts';
import { stateOf, type Worker, type WorkerMemory } from '../../../../src/core/worker/state/worker.ts';
import { eventsOf } from '../../../support/session-file-sample.ts';
import type { TempLog } from '../../../support/temp-log.ts';
import { CREATED, PREPARED } from '../session/events.ts';
import { workerOn } from './worker-on.ts';

/** A worker whose iteration 1 is open, with a real agent process that it started and recorded. */
export interface WorkerWithChild extends AsyncDisposable {
  worker: Worker;
  open: Iteration;
  child: ChildRecord;
  stdout: string;
  /** The number of the agent's processes that still run. */
  living(): Promise<number>;
}

export interface WorkerPlan {
  /** What the agent does, as a shell script; by default it sleeps. */
  script?: string;
  clock?: Clock;
  host?: Partial<Host>;
  settings?: Partial<FrozenSettings>;
  timeLimitMs?: number;
  /** The level of the session. */
  sandbox?: SandboxLevel;
  /** The guard around the agent. */
  guard?: Guard;
}

export async function workerWithChild(log: TempLog, plan: WorkerPlan = {}): Promise<WorkerWithChild> {
  const { script = 'exec sleep 300', clock = systemClock, timeLimitMs = 1000 } = plan;
  const { paths } = log;
  for (const dir of [paths.commands, paths.logs, iterationPaths(paths, 1).dir])
    await mkdir(dir, { recursive: true });
  const own = { ...(await systemHost()) };
  const host = { ...own, ...plan.host };
  // These tests use neither git nor slots.
  const unwatched = { SAMOCODE_SUPERVISOR: 'off' };
  const watch = new SupervisorClient({ env: unwatched, home: paths.runDir, host, clock, program: 'none' });
  const memory: WorkerMemory = {};
  const { settings, sandbox = 'none' } = plan;
  const worker = await workerOn(log, [], {
    file: { id: ulid(), sandbox },
    settings,
    clock,
    host,
    watch,
    memory,
  });
  const { file, writer } = worker;
  await writer.append(...eventsOf(file, BEGUN), { ...STARTED, sandbox, timeLimitMs });
  const begun = stateOf(worker).openIteration;
  if (begun === undefined) throw new Error('The iteration did not begin.');
  const open = iterationOf(worker, begun);
  const stdout = join(paths.logs, STARTED.log);
  const { child: recordPath, exit: exitPath, guardArgs, guardStatus } = iterationPaths(paths, 1);
  const child = await runChild({
    command: {
      file: '/bin/sh',
      args: ['-c', script],
      env: { PATH: process.env.PATH ?? '', [SESSION_MARK]: file.id },
    },
    name: wrapperName(worker, 1),
    cwd: paths.runDir,
    stdoutPath: stdout,
    stderrPath: join(paths.logs, 'child.err'),
    recordPath,
    exitPath,
    guard: plan.guard && { guard: plan.guard, argsPath: guardArgs, statusPath: guardStatus },
    host: own,
    clock: systemClock,
  });
  const mark = { name: SESSION_MARK, value: file.id };
  return {
    worker,
    open,
    child,
    stdout,
    living: async () => {
      const all = (await own.processes.list()).filter(isRunning);
      const marks = await Promise.all(all.map(({ pid }) => own.processes.environmentOf(pid, mark.name)));
      return marks.filter((value) => value === mark.value).length;
    },
    async [Symbol.asyncDispose]() {
      memory.watcher?.close();
      await endTree(undefined, mark, { host: own, clock: systemClock, graceMs: 0 });
    },
  };
}

const BEGUN = [CREATED, PREPARED];

const STARTED = {
  type: 'iteration_started' as const,
  iteration: 1,
  phase: 'investigation' as const,
  provider: 'claude' as const,
  model: '',
  log: 'child.jsonl',
  childUuid: 'u',
  credentials: [],
  sandbox: 'none' as const,
};
