// Measures speed and memory, outside the tests: `npm run bench -- [--json | --page [--to=FILE]] [--runs=N] [--python=PATH] [name…]`.
// Needs a build. A page has three runs of each bench, one of those that take long, and shorter rounds.
import '../scripts/hand-over.ts';
import '../tests/support/state-roots.ts';

import { writeFile } from 'node:fs/promises';
import { type Bench, type BenchOptions, type BenchResult, middle, NotMeasured } from './bench.ts';
import { checkpointBench } from './checkpoint.ts';
import { commandsBench } from './commands.ts';
import { demoBench } from './demo.ts';
import { exitBench } from './exit.ts';
import { guardBench } from './guard.ts';
import { listBench } from './list.ts';
import { meteringBench } from './metering.ts';
import { npxBench } from './npx.ts';
import { benchmarksPage, type Measured, machineNow } from './page.ts';
import { poolBench } from './pool.ts';
import { proofBench } from './proof.ts';
import { pythonBench } from './python.ts';
import { reportBench } from './report.ts';
import { sessionsBench } from './sessions.ts';
import { shellLoopBench } from './shell-loop.ts';
import { startBench } from './start.ts';
import { statusBench } from './status.ts';
import { supervisorBench } from './supervisor.ts';
import { tokensBench } from './tokens.ts';
import { updatedBench } from './updated.ts';
import { watchBench } from './watch.ts';
import { webBench } from './web.ts';
import { workerBench } from './worker.ts';

/** All benches; a new one is added here. */
const BENCHES: readonly Bench[] = [
  startBench,
  commandsBench,
  demoBench,
  exitBench,
  npxBench,
  tokensBench,
  statusBench,
  listBench,
  watchBench,
  webBench,
  updatedBench,
  workerBench,
  shellLoopBench,
  pythonBench,
  checkpointBench,
  guardBench,
  proofBench,
  meteringBench,
  sessionsBench,
  supervisorBench,
  poolBench,
  reportBench,
];

// Otherwise set by the bundler.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-bench' });

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const asPage = words.includes('--page');
const option = (name: string) =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(`--${name}=`.length);
const runs = Number(option('runs') ?? (asPage ? 3 : 1));
const options: BenchOptions = { isBrief: asPage, python: option('python') };
const wanted = words.filter((word) => !word.startsWith('--'));
const unknown = wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));

if (unknown.length > 0) {
  console.error(
    `There is no bench ${unknown.join(', ')}; the benches are: ${BENCHES.map(({ name }) => name).join(', ')}.`,
  );
  process.exitCode = 2;
} else {
  const machine = machineNow();
  const results = [];
  const measured: Measured[] = [];
  for (const bench of BENCHES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const times = asPage && bench.runsOnce ? 1 : runs;
    try {
      const ran: BenchResult[] = [];
      for (let run = 0; run < times; run += 1) {
        ran.push(await bench.run(options));
        const report = withVerdicts(bench, ran.at(-1) as BenchResult);
        results.push(report);
        if (!asJson) show(report);
      }
      measured.push({ ...bench, runs: ran.map(({ values }) => values), goals: ran[0]?.goals ?? [] });
    } catch (error) {
      // The other benches are useful without this one.
      const isExpected = error instanceof NotMeasured;
      if (!isExpected) process.exitCode = 1;
      console.error(isExpected ? `${bench.name}: not measured: ${error.message}` : error);
      const leftOut = isExpected ? error.message : 'it failed.';
      measured.push({ ...bench, runs: [], goals: [], leftOut });
    }
  }
  if (asJson) console.log(JSON.stringify({ node: process.version, benches: results }, undefined, 2));
  if (asPage) await writeFile(option('to') ?? 'docs/benchmarks.md', benchmarksPage(measured, machine));
}

function withVerdicts({ name, about }: Bench, result: BenchResult) {
  const values = Object.fromEntries(
    Object.entries(result.values).map(([value, measured]) => [value, middle(measured)]),
  );
  // A value that was omitted on purpose misses no goal; one that is not a number does.
  const judged = result.goals.map((goal) => {
    const value = values[goal.value];
    return { ...goal, met: value === undefined || value <= goal.atMost };
  });
  return { name, about, values, goals: judged, met: judged.every(({ met }) => met) };
}

function show({ name, about, values, goals }: ReturnType<typeof withVerdicts>): void {
  console.log(`${name}: ${about}`);
  for (const [value, measured] of Object.entries(values)) {
    const goal = goals.find((each) => each.value === value);
    console.log(
      `  ${value.padEnd(16)} ${measured}${goal ? `  (goal ≤ ${goal.atMost}${goal.met ? '' : ', missed'})` : ''}`,
    );
  }
}
