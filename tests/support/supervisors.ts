import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { parseJson } from '../../src/core/kernel/parse-json.ts';
import { endTree } from '../../src/core/kernel/processes/end-tree.ts';
import { type Host, systemHost } from '../../src/core/kernel/processes/host.ts';
import { acquireLease, readHolding } from '../../src/core/kernel/processes/lease.ts';
import { isRunning, type ProcessEntry } from '../../src/core/kernel/processes/process-table.ts';
import { type SupervisorPaths, supervisorPaths } from '../../src/core/sandbox/programs/supervisor-folder.ts';
import type { NowSession } from '../../src/core/supervisor/now-file.ts';
import { eventually } from './eventually.ts';
import type { SessionRig } from './session-rig.ts';

/** In the environment of a project whose sessions are watched; in all others no supervisor is started. */
export const SUPERVISED = { SAMOCODE_SUPERVISOR: 'on' };

/** What this process would record as a supervisor. */
export const ABOUT = {
  ...{ v: 1, pid: process.pid, version: '1.2.3', program: '/x', startedAt: '2026-01-08T09:00:00Z' },
};

/** The folder of the supervisors of a home, with one subfolder per identity. */
function supervisorsOf(homeDir: string): string {
  return join(homeDir, '.config/samocode/supervisor');
}

/** As if a supervisor watched from this process. @param stays whether it outlives what it watches */
export async function supervisorHolds(
  context: Pick<ActionContext, 'home' | 'host' | 'clock'>,
  { stays }: { stays: boolean },
): Promise<AsyncDisposable> {
  const paths = supervisorPaths(context.home, context.host);
  await mkdir(paths.dir, { recursive: true });
  await writeFile(paths.about, JSON.stringify({ ...ABOUT, stays }));
  return await acquireLease(paths.leases, context);
}

/** Pids of the running supervisors of a home. */
export async function supervisorPids(homeDir: string, host?: Host): Promise<number[]> {
  const machine = host ?? (await systemHost());
  const root = supervisorsOf(homeDir);
  const identities = await readdir(root).catch(() => []);
  const holdings = await Promise.all(
    identities.map((name) => readHolding(join(root, name, 'leases'), machine)),
  );
  return holdings.flatMap((holding) =>
    holding.kind === 'held' && holding.liveness === 'alive' ? [holding.lease.owner.pid] : [],
  );
}

/** Kills the supervisors of a home as a crash would. @returns their pids */
export async function killSupervisors(homeDir: string): Promise<number[]> {
  const host = await systemHost();
  const pids = await supervisorPids(homeDir, host);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  for (const pid of pids) while (isRunning(await host.processes.read(pid))) await systemClock.sleep(10);
  return pids;
}

/**
 * Kills the processes of a temporary home until none is left: a supervisor that was just started has no lease yet, and
 * a worker that leaves may start one more.
 */
export async function endProcessesOf(homeDir: string): Promise<void> {
  const ofHome = { name: 'HOME', value: homeDir };
  await endTree(undefined, ofHome, { host: await systemHost(), clock: systemClock, graceMs: 0 });
}

type Home = { repo: Pick<SessionRig['repo'], 'homeDir'> };

/** The files of the supervisor that watches a session. */
export async function supervisorOf({ repo }: Home): Promise<SupervisorPaths> {
  return supervisorPaths(repo.homeDir, await systemHost());
}

/** The state shown by its supervisor; undefined before its first scan. */
interface Now {
  supervisor: { pid: number };
  needYou: number;
  sessions: NowSession[];
}

export async function nowOf(home: Home): Promise<Now | undefined> {
  const text = await readFile((await supervisorOf(home)).now, 'utf8').catch(() => '');
  return parseJson(text) as Now | undefined;
}

/** Ids of everything that was worth a notification, oldest first. */
export async function noticedBy(home: Home): Promise<string[]> {
  const text = await readFile((await supervisorOf(home)).outbox, 'utf8').catch(() => '');
  return (parseJson(text) as { known: string[] } | undefined)?.known ?? [];
}

/** Its supervisor scans now. */
export async function triggerScan(home: Home): Promise<void> {
  await writeFile((await supervisorOf(home)).bell, String(Math.random()));
}

/**
 * Waits until its process is gone: a worker that has released its lease checks once more, and takes the commands that
 * are queued by then.
 */
export async function endOfWorker(rig: SessionRig): Promise<void> {
  const { processes } = rig.context().host;
  const { sessionsDir, folder } = rig.file;
  const isWorker = async ({ pid }: ProcessEntry) =>
    `${await processes.commandOf(pid)} `.includes(` ${sessionsDir} ${folder} `);
  await eventually(
    async () => {
      if ((await rig.workerPid()) !== undefined) return false;
      const running = (await processes.list()).filter(isRunning);
      return !(await Promise.all(running.map(isWorker))).includes(true);
    },
    { what: 'the end of the worker' },
  );
}
