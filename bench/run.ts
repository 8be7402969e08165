// Speed and memory, outside the tests: `npm run bench -- [--json | --page] [--runs=N] [name…]`. Needs a build.
import { writeFile } from 'node:fs/promises';
import type { Bench, BenchResult } from './bench.ts';
import { checkpointBench } from './checkpoint.ts';
import { exitBench } from './exit.ts';
import { guardBench } from './guard.ts';
import { listBench } from './list.ts';
import { meteringBench } from './metering.ts';
import { npxBench } from './npx.ts';
import { benchmarksPage, type Measured } from './page.ts';
import { proofBench } from './proof.ts';
import { reportBench } from './report.ts';
import { shellLoopBench } from './shell-loop.ts';
import { startBench } from './start.ts';
import { statusBench } from './status.ts';
import { supervisorBench } from './supervisor.ts';
import { updatedBench } from './updated.ts';
import { watchBench } from './watch.ts';
import { workerBench } from './worker.ts';

/** Every bench there is; a new one is a line here. */
const BENCHES: readonly Bench[] = [
  startBench,
  exitBench,
  npxBench,
  statusBench,
  listBench,
  watchBench,
  updatedBench,
  checkpointBench,
  guardBench,
  proofBench,
  meteringBench,
  workerBench,
  supervisorBench,
  shellLoopBench,
  reportBench,
];

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const asPage = words.includes('--page');
const runs = Number(
  words.find((word) => word.startsWith('--runs='))?.slice('--runs='.length) ?? (asPage ? 3 : 1),
);
const wanted = words.filter((word) => !word.startsWith('--'));
const unknown = wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));

if (unknown.length > 0) {
  console.error(
    `There is no bench ${unknown.join(', ')}; there are: ${BENCHES.map(({ name }) => name).join(', ')}.`,
  );
  process.exitCode = 2;
} else {
  const results = [];
  const measured: Measured[] = [];
  for (const bench of BENCHES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const ran: BenchResult[] = [];
    for (let run = 0; run < runs; run += 1) {
      ran.push(await bench.run());
      const report = withVerdicts(bench, ran.at(-1) as BenchResult);
      results.push(report);
      if (!asJson) show(report);
    }
    measured.push({ ...bench, runs: ran.map(({ values }) => values), goals: ran[0]?.goals ?? [] });
  }
  if (asJson) console.log(JSON.stringify({ node: process.version, benches: results }, undefined, 2));
  if (asPage) {
    const date = new Date().toISOString().slice(0, 10);
    await writeFile('docs/benchmarks.md', benchmarksPage(measured, { date, node: process.version }));
  }
}

function withVerdicts({ name, about }: Bench, { values, goals }: BenchResult) {
  // One that was left out on purpose misses no goal; one that came to nothing does.
  const judged = goals.map((goal) => {
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
