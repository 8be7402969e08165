import { stat } from 'node:fs/promises';
import { guardNow } from '../src/core/caller/refusals/sandbox-now.ts';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { insideGuard } from '../src/core/sandbox/guard/make-guard.ts';
import { guardOf } from '../src/core/sandbox/guard-of.ts';
import { iterationPaths } from '../src/core/session/layout/paths.ts';
import type { SessionRig } from '../tests/support/session-rig.ts';
import { type Bench, median, NotMeasured, round, rounded } from './bench.ts';
import { restingRig, withCheapAgents } from './worker/bench-rig.ts';

const TURNS = 3;
const PROBES = 30;
/** The iterations that count: after a warm-up, and below the limit of the first phase. */
const FROM = 3;
const TO = 19;

// Otherwise set by the bundler; read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-bench' });

/** The cost of the guard, for an iteration of an agent that does next to nothing and for the probe. Needs bubblewrap. */
export const guardBench: Bench = {
  name: 'guard',
  title: 'Guard, per iteration',
  about:
    'an iteration of a cheap agent with and without the guard, on a disk in memory, and the probe of the guard',
  runsOnce: true,
  means: {
    iterationMs: 'ms of an iteration without the guard',
    guardedMs: 'ms of an iteration in the guard',
    guardCostMs: 'ms that the guard adds to an iteration (difference of the medians)',
    strictCostMs: 'ms that the strict sandbox adds to an iteration',
    startCostMs: 'ms that the guard adds to the start of a program that does nothing',
    probeMs: 'ms to find out whether the guard works here',
  },
  async run({ isBrief }) {
    const times = { guard: [] as number[], off: [] as number[], strict: [] as number[] };
    const starts: Starts = { inside: [], outside: [], probe: [] };
    // Alternate, so that the other load of the machine affects both alike.
    for (let turn = 0; turn < (isBrief ? 1 : TURNS); turn += 1) {
      times.off.push(...(await iterationsOf('off')));
      times.guard.push(...(await iterationsOf('guard', starts)));
      times.strict.push(...(await iterationsOf('strict')));
    }
    const values = {
      iterationMs: rounded(times.off),
      guardedMs: rounded(times.guard),
      guardCostMs: round(median(times.guard) - median(times.off)),
      strictCostMs: round(median(times.strict) - median(times.off)),
      // A worker polls for the end of its agent, which hides a small cost per iteration.
      startCostMs: round(median(starts.inside) - median(starts.outside)),
      startCostMinMs: round(Math.min(...starts.inside) - Math.min(...starts.outside)),
      probeMs: rounded(starts.probe),
    };
    const goals = ['guardCostMs', 'startCostMs'].map((value) => ({ value, atMost: 60 }));
    return { values, goals: [...goals, { value: 'strictCostMs', atMost: 150 }] };
  },
};

/** Milliseconds of a program that does nothing, with and without the guard, and of the probe. */
type Starts = Record<'inside' | 'outside' | 'probe', number[]>;

/** Milliseconds from the record of one agent's start to that of the next, including the agent's own run. */
async function iterationsOf(sandbox: 'guard' | 'off' | 'strict', starts?: Starts): Promise<number[]> {
  await using rig = await restingRig({ sandbox }, 'memory');
  await withCheapAgents(rig);
  await rig.repo.git(['update-index', '--force-write-index']);
  await rig.resume();
  await rig.until(({ progress }) => progress.totalIterations > TO, { withinMs: 120_000 });
  await rig.stop('now');
  const begun: number[] = [];
  for (let iteration = FROM; iteration <= TO; iteration += 1)
    begun.push((await stat(iterationPaths(rig.paths, iteration).child)).mtimeMs);
  for (let count = 0; starts && count < PROBES; count += 1) await measureStarts(rig, starts);
  return begun.slice(1).map((at, index) => at - (begun[index] ?? at));
}

async function measureStarts(rig: SessionRig, { inside, outside, probe }: Starts): Promise<void> {
  let now: Awaited<ReturnType<typeof guardNow>> | undefined;
  probe.push(
    await timed(async () => {
      now = await guardNow(rig.file, rig.context());
    }),
  );
  if (now === undefined || now.level === 'none')
    throw new NotMeasured('there is no guard here; install bubblewrap.');
  const [file, ...args] = insideGuard(guardOf(now.tool, now.places), ['/bin/true']);
  inside.push(await timed(() => runCommand(file, args, { leavesBehind: true })));
  outside.push(await timed(() => runCommand('/bin/true', [], { leavesBehind: true })));
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}
