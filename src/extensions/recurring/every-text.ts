import { dirname } from 'node:path';
import { grid, hanging } from '../../core/faces/terminal/columns.ts';
import type { Output } from '../../core/faces/terminal/output.ts';
import { namedLines, type Row } from '../../core/faces/terminal/session-words.ts';
import { fitLine } from '../../core/faces/terminal/style.ts';
import { counted } from '../../core/kernel/text.ts';
import { wallAt, zoneHere } from '../../core/kernel/zone.ts';
import { handleOf } from '../../core/session/layout/names.ts';
import type { Recurring, RecurringReport, RecurringRunRecord, RunResult, When } from './recurring.ts';
import { describeTimes } from './schedule/parse-schedule.ts';

/** What a command has done, and when the next runs are due. */
export function doneText(report: RecurringReport, done: string, output: Output): string {
  const { recurring, next } = report;
  const { style, textColumns: columns } = output;
  const lines = [
    hanging(`${recurring.name} ${done}: ${whenText(recurring.when)}.`, {
      first: `${style.good('✔')} `,
      columns,
    }),
  ];
  if (done === 'is removed') return lines.join('\n');
  const times = next.map((time) => timeText(time, recurring.when));
  if (times.length > 0) lines.push(hanging(`Next: ${times.join(', ')}`, { first: '  ', columns }));
  const { name } = recurring;
  const further =
    done === 'is paused'
      ? `To resume it: ${style.accent(`samocode every resume ${name}`)}`
      : `Its runs: ${style.accent(`samocode every list ${name}`)}`;
  return [...lines, hanging(further, { first: '  ', columns })].join('\n');
}

/** A line for each: its times, when it is due next, and the last result. */
export function listText(
  reports: readonly RecurringReport[],
  { style, textColumns: columns }: Output,
): string {
  if (reports.length === 0)
    return 'No recurring sessions. Create one with: samocode every "mon-fri 02:00" --task "…"';
  const rows = reports.map((report) => {
    const {
      recurring,
      runs: [last],
    } = report;
    return [
      fitLine(recurring.name),
      // Its own zone, which most have, is known to the reader.
      whenText(recurring.when).replace(` (${zoneHere()})`, ''),
      report.paused === undefined ? nextCell(report) : style.attention('paused'),
      last === undefined ? style.dim('no run yet') : lastCell(last, recurring.when),
    ];
  });
  const notes = reports.flatMap((report) => noteOf(report));
  const lines = grid(rows, { columns, cut: { 0: 12, 1: 12, 3: 14 } });
  return [
    ...lines,
    ...notes.map((note) => hanging(note, { first: `${style.attention('!')} `, columns })),
  ].join('\n');
}

export function oneText(report: RecurringReport, { style, textColumns: columns }: Output): string {
  const { recurring, runs, totals, next, paused, problem } = report;
  const { when } = recurring;
  const failure = runs.find(({ result }) => result === 'failed');
  const rows: Row[] = [
    ['when', whenText(when)],
    ['work', fitLine(workText(recurring), 300)],
    ['project', fitLine(dirname(recurring.project))],
    ['limits', limitsText(recurring)],
    ['due', next.map((time) => timeText(time, when)).join(', ')],
    ['paused', paused && fitLine(pauseText(paused), 300)],
    ['problem', problem && fitLine(problem, 300)],
    ['last failure', failure?.text && fitLine(failure.text, 600)],
    ['runs', `${counted(totals.runs, 'session')}, ${money(totals.costUsd)}`],
  ];
  const table = grid(
    runs
      .slice(0, MAX_RUNS)
      .map((run) => [
        runTime(run, when),
        resultText(run),
        run.costUsd === undefined ? '' : money(run.costUsd),
        fitLine(run.session ?? ''),
        style.dim(fitLine(run.text ?? '', 200)),
      ]),
    { columns, cut: { 3: 14, 4: 10 } },
  );
  return [style.bold(recurring.name), ...namedLines(rows, { style, columns }), '', ...table]
    .join('\n')
    .trimEnd();
}

const MAX_RUNS = 10;

interface Due {
  at: string;
  report: RecurringReport;
}

export function nextText(
  due: readonly Due[],
  reports: readonly RecurringReport[],
  { style, textColumns: columns }: Output,
): string {
  const rows = due.map(({ at, report: { recurring } }) => [
    timeText(at, recurring.when),
    fitLine(recurring.name),
  ]);
  const others = reports.filter(({ next }) => next.length === 0);
  const notes = others.map((report) => {
    const why = report.paused === undefined ? whenText(report.recurring.when) : 'paused';
    return style.dim(`${report.recurring.name}: ${why}`);
  });
  const lines = [...grid(rows, { columns, cut: { 1: 14 } }), ...notes];
  return lines.length === 0 ? 'No run is due.' : lines.join('\n');
}

function whenText(when: When): string {
  return when.kind === 'times' ? describeTimes(when) : 'when checks of the default branch failed';
}

/** `Mon 11-30 02:00`, in the zone of its schedule. */
function timeText(time: string, when: When): string {
  const wall = new Date(wallAt(Date.parse(time), when.kind === 'times' ? when.zone : zoneHere()));
  const day = wall.toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
  return `${day} ${wall.toISOString().slice('yyyy-'.length, 'yyyy-mm-ddThh:mm'.length).replace('T', ' ')}`;
}

function runTime({ run }: RecurringRunRecord, when: When): string {
  return when.kind === 'times' ? timeText(run, when) : run.slice(0, 8);
}

const RESULTS: Readonly<Record<RunResult, string>> = {
  works: 'works',
  waits: 'needs you',
  done: 'done',
  unchanged: 'no changes',
  failed: 'failed',
  stopped: 'stopped',
  skipped: 'skipped',
  idle: 'nothing to do',
  gone: 'its session was removed',
};

function resultText({ result, skipped = 1 }: RecurringRunRecord): string {
  return skipped > 1 ? `${skipped} ${RESULTS[result]}` : RESULTS[result];
}

function lastCell(run: RecurringRunRecord, when: When): string {
  return `${resultText(run)} ${runTime(run, when)}`;
}

function nextCell({ recurring, next: [time] }: RecurringReport): string {
  return time === undefined ? '' : `next ${timeText(time, recurring.when)}`;
}

function pauseText({ why, by }: NonNullable<RecurringReport['paused']>): string {
  return by === 'person' ? why : `by the supervisor: ${why}`;
}

/** About a pause that its person did not ask for, and a run that needs them. */
function noteOf(report: RecurringReport): string[] {
  const {
    recurring: { name },
    runs: [last],
    paused,
    problem,
    elsewhere,
  } = report;
  if (elsewhere) return [`${name} belongs to another machine that shares this home folder.`];
  if (paused?.by === 'supervisor')
    return [`${name} is paused: ${fitLine(paused.why, 200)}. To resume it: samocode every resume ${name}`];
  if (problem !== undefined && paused === undefined)
    return [`${name}: nothing can be started, and it is tried again: ${fitLine(problem, 200)}`];
  if (last?.session === undefined || (last.result !== 'waits' && last.result !== 'failed')) return [];
  return [`${name}: its last run ${RESULTS[last.result]}: samocode status ${handleOf(last.session)}`];
}

function workText({ work }: Recurring): string {
  switch (work.kind) {
    case 'task':
      return work.task;
    case 'plan':
      return [`the plan in ${work.plan}`, work.task].filter(Boolean).join(': ');
    case 'label':
      return `an open issue with the label ${work.label}`;
    default:
      return work satisfies never;
  }
}

function limitsText({
  limits: { costRunUsd, costTotalUsd, runs },
  choices: { settings },
}: Recurring): string {
  const iterations = settings?.maxIterations;
  return [
    costRunUsd && `${money(costRunUsd)} a run`,
    costTotalUsd && `${money(costTotalUsd)} in total`,
    iterations && `${iterations} iterations a run`,
    runs && counted(runs, 'run'),
  ]
    .filter(Boolean)
    .join(', ');
}

function money(usd: number): string {
  return `$${usd.toFixed(2)}`;
}
