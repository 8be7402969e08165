import { round } from '../bench.ts';
import { restingRig } from './bench-rig.ts';
import { cpuOf, peakMb } from './process-cost.ts';

const MEGABYTE = 1_000_000;

/** Peak memory and CPU time of the worker while an agent prints this much; the run with one megabyte is the baseline. */
export async function measureOutput(
  megabytes: number,
  shape: 'plain' | 'event',
): Promise<Record<string, number>> {
  const prints = { act: 'print', bytes: megabytes * MEGABYTE, shape };
  const waits = { act: 'sleep', ms: 1500 };
  const rules = [{ when: { iteration: 1 }, do: [waits, prints, waits, { act: 'normal' }] }];
  await using rig = await restingRig({ scenario: { rules } });
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const pid = (await rig.workerPid()) ?? 0;
  const before = await cpuOf(pid);
  await rig.until(
    ({ progress, openIteration }) => progress.totalIterations >= 1 && openIteration?.iteration !== 1,
    {
      withinMs: 300_000,
    },
  );
  const after = await cpuOf(pid);
  const name = `${shape === 'plain' ? 'Plain' : 'Event'}${megabytes}`;
  return {
    [`peakMb${name}`]: round(await peakMb(pid)),
    // Includes watching, listing processes and the end of the iteration; the smallest output shows how much that is.
    [`cpuMs${name}`]: after.ownMs - before.ownMs,
  };
}
