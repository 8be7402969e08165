import { cpus, loadavg, totalmem } from 'node:os';
import type { Bench, Goal, Measurement } from './bench.ts';
import { median } from './bench.ts';

export interface Measured extends Pick<Bench, 'name' | 'title' | 'about' | 'means'> {
  /** The values of each run; empty if it was not measured. */
  runs: readonly Readonly<Record<string, Measurement>>[];
  goals: readonly Goal[];
  /** Why it was not measured, in a sentence. */
  leftOut?: string;
}

export interface Machine {
  date: string;
  node: string;
  processor: string;
  memoryGb: number;
  /** The load average before the first bench. */
  load: number;
}

/** Reads the facts about this machine; called before the first bench. */
export function machineNow(): Machine {
  const [first] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version.slice(1),
    processor: `${cpus().length} × ${first?.model.trim() || 'unknown processor'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? Number.NaN,
  };
}

/** Renders docs/benchmarks.md: the results, their spread, and the machine. */
export function benchmarksPage(measured: readonly Measured[], machine: Machine): string {
  const { date, node, processor, memoryGb, load } = machine;
  return `${[
    '# Benchmarks',
    // As code, because no dictionary contains the processor's name.
    `Measured on ${date} with Node ${node} on \`${processor}\`, ${memoryGb} GiB, with a load average of ${figure(load)} before. Repeat it on your own machine with \`npm run bench -- --page\`: ` +
      'whether a figure grows with the amount of work matters more than the figure itself.',
    'Each table shows the median, and the minimum and maximum if there is more than one value: of all single measurements ' +
      'if a bench makes many, otherwise of its runs. A goal is an upper limit for the median on an idle machine.',
    ...comparison(measured),
    ...measured.map(section),
  ].join('\n\n')}\n`;
}

/** The values in which samocode is compared with two other programs. */
const COMPARED: readonly { meaning: string; values: readonly (readonly [bench: string, value: string])[] }[] =
  [
    {
      meaning: 'ms from the end of one agent to the start of the next',
      values: [
        ['worker', 'gapMs1'],
        ['shell-loop', 'gapMs'],
        ['python', 'gapMs'],
      ],
    },
    {
      meaning: 'MB of memory while an agent prints 1 MB',
      values: [
        ['worker', 'peakMbEvent1'],
        ['shell-loop', 'peakMb1'],
        ['python', 'peakMb1'],
      ],
    },
    {
      meaning: 'MB of memory while an agent prints 200 MB',
      values: [
        ['worker', 'peakMbEvent200'],
        ['shell-loop', 'peakMb200'],
        ['python', 'peakMb200'],
      ],
    },
  ];

function comparison(measured: readonly Measured[]): string[] {
  const of = (bench: string, value: string) => {
    const values = valuesOf(measured.find(({ name }) => name === bench)?.runs ?? [], value);
    return values.length === 0 ? '–' : figure(median(values));
  };
  if (of('worker', 'gapMs1') === '–') return [];
  const rows = COMPARED.map(
    ({ meaning, values }) =>
      `| ${meaning} | ${values.map(([bench, value]) => of(bench, value)).join(' | ')} |`,
  );
  return [
    '## Compared with others',
    [
      '| | samocode | a shell loop | the Python samocode |',
      '|---|---:|---:|---:|',
      ...rows,
      '',
      'Between two agents, a worker ends what the first one left, judges its signal, takes a checkpoint and writes records that survive a crash; the shell ' +
        'loop commits, and the Python worker reads the signal. The guard is off here; its cost is below. An agent works for minutes.',
    ].join('\n'),
  ];
}

function section({ name, title, about, means, runs, goals, leftOut }: Measured): string {
  const head = [`## ${title}`, '', `${about[0]?.toUpperCase()}${about.slice(1)}.`];
  if (leftOut !== undefined) return [...head, '', `Not measured here: ${leftOut}`].join('\n');
  const names = [...new Set(runs.flatMap((run) => Object.keys(run)))];
  const rows = names.flatMap((value) => {
    const meaning = meaningOf(value, means);
    if (meaning === undefined) return [];
    const values = valuesOf(runs, value);
    const goal = goals.find((each) => each.value === value);
    return [{ meaning, values, goal: goal === undefined ? '' : goalText(goal, median(values)) }];
  });
  const times = runs.length === 1 ? 'one run' : `${runs.length} runs`;
  // A column that is empty in every row is left out.
  const hasSpread = rows.some(({ values }) => values.length > 1);
  const hasGoals = rows.some(({ goal }) => goal !== '');
  const line = (cells: Readonly<Record<'first' | 'min' | 'median' | 'max' | 'goal', string>>) => {
    const { first, min, median, max, goal } = cells;
    const figures = hasSpread ? [min, median, max] : [median];
    return `| ${[first, ...figures, ...(hasGoals ? [goal] : [])].join(' | ')} |`;
  };
  return [
    ...head,
    '',
    line({ first: `\`${name}\`, ${times}`, min: 'min', median: 'median', max: 'max', goal: 'goal' }),
    line({ first: '---', min: '---:', median: '---:', max: '---:', goal: '---' }).replaceAll(' ', ''),
    ...rows.map(({ meaning, values, goal }) => {
      const [min = '', max = ''] =
        values.length > 1 ? [Math.min(...values), Math.max(...values)].map(figure) : [];
      return line({ first: meaning, min, median: figure(median(values)), max, goal });
    }),
  ].join('\n');
}

function valuesOf(runs: Measured['runs'], name: string): number[] {
  return runs.flatMap((run) => run[name] ?? []);
}

/** The line of a value, with the numbers from its name filled in. */
function meaningOf(name: string, means: Bench['means']): string | undefined {
  if (means === undefined) return name;
  const numbers = name.match(/\d+/g) ?? [];
  const pattern = means[name] ?? means[name.replaceAll(/\d+/g, '#')];
  return numbers.reduce((text, each) => text.replace('#', figure(Number(each))), pattern ?? '') || undefined;
}

function goalText({ atMost }: Goal, measured: number): string {
  return `≤ ${figure(atMost)}${measured <= atMost ? '' : ' (**missed**)'}`;
}

/** Formats a value with its significant digits. */
function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}
