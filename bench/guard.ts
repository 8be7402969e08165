import { stat } from 'node:fs/promises';
import { guardNow } from '../src/actions/sandbox-now.ts';
import { iterationPaths } from '../src/session/paths.ts';
import type { SessionRig } from '../tests/support/session-rig.ts';
import { type Bench, median, round } from './bench.ts';
import { restingRig, withCheapChildren } from './worker/bench-rig.ts';

const TURNS = 3;
const PROBES = 30;
/** Below the limit of the first phase; the first ones warm up. */
const FROM = 3;
const TO = 19;

// Without a bundler nobody else says so; it is read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-bench' });

/** What the guard costs: an iteration of an agent that does next to nothing, and the probe. Needs bubblewrap. */
export const guardBench: Bench = {
  name: 'guard',
  about: 'an iteration of a cheap agent in the guard and without it, in memory, and the probe of the guard',
  async run() {
    const times = { guard: [] as number[], off: [] as number[], probe: [] as number[] };
    // By turns: what else the machine does then costs both alike.
    for (let turn = 0; turn < TURNS; turn += 1) {
      times.off.push(...(await iterationsOf('off')));
      times.guard.push(...(await iterationsOf('guard', times.probe)));
    }
    const values = {
      iterationMs: round(median(times.off)),
      iterationMinMs: round(Math.min(...times.off)),
      guardedMs: round(median(times.guard)),
      guardedMinMs: round(Math.min(...times.guard)),
      guardCostMs: round(median(times.guard) - median(times.off)),
      probeMs: round(median(times.probe)),
      probeMinMs: round(Math.min(...times.probe)),
    };
    return { values, goals: [{ value: 'guardCostMs', atMost: 60 }] };
  },
};

/** Milliseconds from the record of one child to that of the next, its own run included. */
async function iterationsOf(sandbox: 'guard' | 'off', probes?: number[]): Promise<number[]> {
  await using rig = await restingRig({ sandbox }, 'memory');
  await withCheapChildren(rig);
  await rig.repo.git(['update-index', '--force-write-index']);
  await rig.resume();
  await rig.until(({ progress }) => progress.totalIterations > TO, { withinMs: 120_000 });
  await rig.stop('now');
  const begun: number[] = [];
  for (let iteration = FROM; iteration <= TO; iteration += 1)
    begun.push((await stat(iterationPaths(rig.paths, iteration).child)).mtimeMs);
  for (let count = 0; probes && count < PROBES; count += 1) probes.push(await probed(rig));
  return begun.slice(1).map((at, index) => at - (begun[index] ?? at));
}

async function probed(rig: SessionRig): Promise<number> {
  const begun = performance.now();
  const { level } = await guardNow(rig.file, rig.context());
  if (level === 'none') throw new Error('There is no guard here: install bubblewrap.');
  return performance.now() - begun;
}
