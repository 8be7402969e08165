import { cpus, totalmem } from 'node:os';
import type { Goal } from './bench.ts';
import { median } from './bench.ts';

export interface Measured {
  name: string;
  about: string;
  /** One of each run. */
  runs: readonly Readonly<Record<string, number>>[];
  goals: readonly Goal[];
}

/** docs/benchmarks.md: what was measured, how much it varied, and where. */
export function benchmarksPage(
  measured: readonly Measured[],
  { date, node }: { date: string; node: string },
) {
  const runs = Math.max(...measured.map((one) => one.runs.length));
  const [cpu] = cpus();
  return `${[
    '# Benchmarks',
    `Written by \`npm run bench -- --page\`: ${runs === 1 ? 'one run' : `${runs} runs`} of each on ${date}, Node ${node.slice(1)}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB. ` +
      'Run it on a machine of your own: what counts is whether a figure stays flat. A goal is an upper limit for an idle machine.',
    ...measured.map(section),
  ].join('\n\n')}\n`;
}

function section({ name, about, runs, goals }: Measured): string {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run)))];
  const rows = names.map((value) => {
    const values = runs.flatMap((run) => run[value] ?? []);
    const goal = goals.find((each) => each.value === value);
    const spread = [Math.min(...values), median(values), Math.max(...values)].join(' | ');
    return `| \`${value}\` | ${spread} | ${goal === undefined ? '' : `≤ ${goal.atMost}`} |`;
  });
  return [
    `## ${name}`,
    '',
    `${about[0]?.toUpperCase()}${about.slice(1)}.`,
    '',
    '| | min | median | max | goal |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
