import { stat } from 'node:fs/promises';
import { isoUtc, systemClock } from '../../src/core/kernel/clock.ts';
import { leaveCommand } from '../../src/core/session/commands/commands.ts';
import { iterationPaths } from '../../src/core/session/layout/paths.ts';
import { childWorks } from '../../tests/core/faults/with-settings.ts';
import { round, rounded } from '../bench.ts';
import { restingRig, withCheapAgents } from './bench-rig.ts';

const ROUNDS = 5;

/** Milliseconds from the launch of a worker with a queued command to the record of its first agent. */
export async function measureStart(): Promise<Record<string, number[]>> {
  const times: number[] = [];
  for (let index = 0; index < ROUNDS; index += 1) {
    await using rig = await restingRig({});
    await withCheapAgents(rig);
    const id = `01ARZ3NDEKTSV4RRFFQ69G5FA${index}`;
    const now = systemClock.now();
    await leaveCommand(rig.paths, { v: 1, id, by: { channel: 'cli' }, at: isoUtc(now), kind: 'resume' });
    const begun = Date.now();
    await rig.launch();
    // The rig must not start a second worker, which would take a part of the time.
    await rig.until(({ progress }) => progress.totalIterations >= 2, { leaveDead: true });
    const record = await stat(iterationPaths(rig.paths, 1).child);
    times.push(record.mtimeMs - begun);
    await rig.stop('now');
  }
  return { firstChildMs: rounded(times) };
}

/** Milliseconds from a stop to the end of the last process, of an agent that ignores TERM and has left others. */
export async function measureStop(): Promise<Record<string, number>> {
  const stubborn = { setsid: true, ignoreTerm: true };
  const rules = [
    { when: {}, do: [{ act: 'leave', count: 5, ...stubborn }, { act: 'ignore-term' }, { act: 'hang' }] },
  ];
  await using rig = await restingRig({ scenario: { rules } });
  await rig.resume();
  await childWorks(rig, 1);
  while ((await rig.processesWithMark()).length < 7) await systemClock.sleep(20);
  const begun = systemClock.monotonic();
  void rig.stop('now').catch(() => undefined);
  while ((await rig.processesWithMark()).length > 0) await systemClock.sleep(10);
  return { allDeadMs: round(systemClock.monotonic() - begun) };
}
