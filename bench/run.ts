// Speed and memory, outside the tests: `npm run bench -- [--json] [name…]`. Needs a build.
import type { Bench, BenchResult } from './bench.ts';
import { checkpointBench } from './checkpoint.ts';
import { exitBench } from './exit.ts';
import { guardBench } from './guard.ts';
import { listBench } from './list.ts';
import { meteringBench } from './metering.ts';
import { npxBench } from './npx.ts';
import { proofBench } from './proof.ts';
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
];

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const wanted = words.filter((word) => !word.startsWith('--'));
const unknown = wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));

if (unknown.length > 0) {
  console.error(
    `There is no bench ${unknown.join(', ')}; there are: ${BENCHES.map(({ name }) => name).join(', ')}.`,
  );
  process.exitCode = 2;
} else {
  const results = [];
  for (const bench of BENCHES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const report = withVerdicts(bench, await bench.run());
    results.push(report);
    if (!asJson) show(report);
  }
  if (asJson) console.log(JSON.stringify({ node: process.version, benches: results }, undefined, 2));
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
