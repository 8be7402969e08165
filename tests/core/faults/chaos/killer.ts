import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { SessionRig } from '../../../support/session-rig.ts';
import { readChildRecordAt } from '../child-record.ts';
import type { Random } from './random.ts';
import type { Watcher } from './watcher.ts';

const VICTIMS = ['worker', 'worker', 'worker', 'child', 'wrapper', 'server', 'worker and child'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Milliseconds between two kills: from the middle of a write to the middle of an agent's work. */
const PAUSE_MS = [20, 1500] as const;

export interface Killing {
  random: Random;
  watcher: Watcher;
  /** Takes one of the remaining kills. @returns false if none is left */
  takeOne(): boolean;
  /** Aborted when the session has ended. */
  ended: AbortSignal;
}

/** Kills processes of the session after random pauses. @returns how many of each kind */
export async function killRepeatedly(rig: SessionRig, killing: Killing): Promise<Map<Victim, number>> {
  const { random, watcher, takeOne, ended } = killing;
  const killed = new Map<Victim, number>();
  while (!ended.aborted) {
    const victim = random.oneOf(VICTIMS) ?? 'worker';
    await systemClock.sleep(random.between(...PAUSE_MS), ended).catch(() => undefined);
    while (!ended.aborted) {
      const pids = await pidsOf(victim, rig, watcher, random);
      if (pids.length === 0) {
        await systemClock.sleep(20);
        continue;
      }
      if (!takeOne()) return killed;
      for (const pid of pids) kill(pid);
      killed.set(victim, (killed.get(victim) ?? 0) + 1);
      break;
    }
  }
  return killed;
}

async function pidsOf(victim: Victim, rig: SessionRig, watcher: Watcher, random: Random): Promise<number[]> {
  switch (victim) {
    case 'server':
      return [watcher.serverPid()].filter((pid) => pid !== undefined);
    case 'worker':
      return [await rig.workerPid()].filter((pid) => pid !== undefined);
    case 'child':
      return await childPids(rig, random);
    case 'wrapper':
      return [await wrapperPid(rig)].filter((pid) => pid !== undefined);
    case 'worker and child': {
      const both = [...(await childPids(rig, random)), await rig.workerPid()];
      return both.includes(undefined) || both.length < 2 ? [] : both.filter((pid) => pid !== undefined);
    }
    default:
      return victim satisfies never;
  }
}

async function childPids(rig: SessionRig, random: Random): Promise<number[]> {
  const wrapper = await wrapperPid(rig);
  const marked = (await rig.processesWithMark()).map(({ pid }) => pid).filter((pid) => pid !== wrapper);
  return [random.oneOf(marked)].filter((pid) => pid !== undefined);
}

async function wrapperPid(rig: SessionRig): Promise<number | undefined> {
  const { openIteration } = await rig.state();
  if (openIteration === undefined) return undefined;
  const record = await readChildRecordAt(rig, openIteration.iteration).catch(() => undefined);
  return (await rig.processesWithMark()).find(({ pid }) => pid === record?.pid)?.pid;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It had just ended.
  }
}
