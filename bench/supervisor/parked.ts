import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { watchOver } from '../../src/core/sandbox/programs/launch-supervisor.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { type SessionRig, startRig } from '../../tests/support/session-rig.ts';
import { SUPERVISED, supervisorPids } from '../../tests/support/supervisors.ts';
import { round } from '../bench.ts';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
/** Until the supervisor has read every session once, and V8 has released the memory that this needed. */
const SETTLED_MS = 45_000;

/** The cost of `count` sessions that wait for answers; with 0 for `settledMs` the start of the supervisor counts, too. */
export async function measureParked(
  count: number,
  seconds: number,
  settledMs = SETTLED_MS,
): Promise<Record<string, number>> {
  await using rig = await startRig();
  await rig.untilWaiting('qa_answers');
  while ((await rig.workerPid()) !== undefined) await systemClock.sleep(20);
  for (let index = 1; index < count; index += 1) await copyWithin(rig.paths, rig.file.id, index);
  const pid = await startSupervisor(rig);
  await systemClock.sleep(settledMs);
  const before = settledMs === 0 ? 0 : await cpuMs(pid);
  await systemClock.sleep(seconds * 1000);
  const spent = (await cpuMs(pid)) - before;
  const processes = (await supervisorPids(rig.repo.homeDir)).length + (await workers(rig));
  return {
    [`processes${count}`]: processes,
    [`mb${count}`]: round((await kilobytes(pid, 'VmRSS')) / 1024),
    [`peakMb${count}`]: round((await kilobytes(pid, 'VmHWM')) / 1024),
    [`cpuPercent${count}`]: round((spent / (seconds * 1000)) * 100, 3),
  };
}

/** @returns the supervisor's pid */
export async function startSupervisor(rig: SessionRig): Promise<number> {
  const { env, home, host, clock } = rig.context();
  const program = rig.program('worker').replace('worker.cjs', 'supervisor.cjs');
  const { sessionsDir } = rig.paths;
  await watchOver({ env: { ...env, ...SUPERVISED }, home, host, clock, program, sessionsDir });
  for (;;) {
    const [pid] = await supervisorPids(home);
    if (pid !== undefined) return pid;
    await systemClock.sleep(20);
  }
}

/** Copies the session within its project, with a name and an id of the same length. */
async function copyWithin(from: SessionPaths, id: string, index: number): Promise<void> {
  const number = String(index).padStart(3, '0');
  const folder = `${from.folder.slice(0, -3)}${number}`;
  const to = sessionPaths(from.sessionsDir, folder);
  execFileSync('cp', ['-a', from.sessionDir, to.sessionDir]);
  execFileSync('cp', ['-a', from.runDir, to.runDir]);
  const found = execFileSync('grep', ['-rlFZ', '-e', from.folder, '-e', id, to.sessionDir, to.runDir]);
  for (const path of found.toString('utf8').split('\0').filter(Boolean)) {
    const text = await readFile(path, 'latin1');
    const changed = text.replaceAll(from.folder, folder).replaceAll(id, `${id.slice(0, -3)}${number}`);
    await writeFile(path, changed, 'latin1');
  }
  await rm(to.state, { force: true });
}

async function workers(rig: SessionRig): Promise<number> {
  return (await rig.workerPid()) === undefined ? 0 : 1;
}

async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}

async function kilobytes(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}
