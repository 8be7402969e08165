import type { Command } from 'commander';
import { hintForTerminal } from '../../../core/caller/facts/step-texts.ts';
import type { DoctorCheck } from '../../../core/caller/refusals/check.ts';
import { type Cli, EXIT } from '../../../core/faces/terminal/cli.ts';
import { columnsOf, hanging, padTo, tabSeparated } from '../../../core/faces/terminal/columns.ts';
import type { Output } from '../../../core/faces/terminal/output.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { harmless } from '../../../core/faces/terminal/style.ts';
import { counted, inWords } from '../../../core/kernel/text.ts';
import type { DoctorGroup, DoctorReport } from './doctor.ts';

type DoctorOptions = SharedOptions & { checks?: true; verbose?: true };

export function addDoctor(program: Command, cli: Cli): void {
  withSharedOptions(program.command('doctor'))
    .description('Check whether sessions can run here, and how to fix what is missing')
    .option('--checks', 'also run SETUP and each CHECK once, in a temporary worktree')
    .option('-v, --verbose', 'show every check, with paths and the folders searched for missing programs')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      const { output } = cli;
      const verbose = options.verbose === true;
      const report = await doctor(
        {
          ...projectOf(options),
          runChecks: options.checks,
          onGroup: (group, titles) => {
            const lines = checkLines(group, output, { verbose, titles });
            if (lines.length > 0) output.say(lines.join('\n'));
          },
          signal: cli.interrupted,
        },
        await cli.actionContext(),
      );
      if (report.level === 'fail') cli.leaveWith(EXIT.failed);
      output.result(report, () => verdict(report, output));
    });
}

type Level = DoctorCheck['level'];
const MARKS: Readonly<Record<Level, string>> = { ok: '✔', warn: '!', fail: '✘' };

interface DoctorStyle {
  /** Shows every check, not only problems, with details that help to find a cause. */
  verbose: boolean;
  /** Of all groups: their texts begin in one column. */
  titles: readonly string[];
}

/** Formats a group of checks: a summary line with the problems below it; in a pipe, a line per check. */
export function checkLines(
  { title, checks }: DoctorGroup,
  output: Output,
  { verbose, titles }: DoctorStyle,
): string[] {
  const columns = output.textColumns;
  if (columns === Number.POSITIVE_INFINITY)
    return checks.map((check) =>
      tabSeparated([check.isAbsent ? 'unused' : check.level, check.id, ...textsOf(check, verbose)]),
    );
  const briefs = checks.flatMap(({ brief }) => (brief === undefined ? [] : [harmless(brief)]));
  const shown = checks.filter(({ level, found, brief }) => level !== 'ok' || (verbose && found !== brief));
  // In a group without a summary, the first problem takes its place.
  const items = briefs.length > 0 ? shown : shown.slice(1);
  const [first] = shown;
  const text = briefs.length > 0 || first === undefined ? briefs.join('; ') : inLines(first, verbose);
  if (text === '' && items.length === 0) return [];
  const textAt = Math.max(...titles.map((each) => columnsOf(each))) + `${MARKS.ok} `.length + 2;
  const indent = ' '.repeat(textAt);
  const head = `${markOf(checks, output)} ${output.style.bold(title)}`;
  return [
    hanging(text, { first: padTo(head, textAt), columns }),
    ...items.map((check) =>
      hanging(inLines(check, verbose), { first: `${indent}${markOf([check], output)} `, columns }),
    ),
  ];
}

function inLines(check: DoctorCheck, verbose: boolean): string {
  return textsOf(check, verbose).join('\n');
}

function textsOf({ found, details = '', fix = '', next = [] }: DoctorCheck, verbose: boolean): string[] {
  return [found, verbose ? details : '', hintForTerminal({ hint: fix, next })].map(harmless).filter(Boolean);
}

function markOf(checks: readonly DoctorCheck[], { style }: Output): string {
  const level =
    (['fail', 'warn'] as const).find((bad) => checks.some((check) => check.level === bad)) ?? 'ok';
  const isAbsent = level === 'ok' && checks.every((check) => check.isAbsent || check.brief === undefined);
  return isAbsent && checks.some((check) => check.isAbsent) ? style.dim('–') : painted(level, style);
}

function painted(level: Level, style: Output['style']): string {
  return { ok: style.good, warn: style.attention, fail: style.bad }[level](MARKS[level]);
}

/** The last line: whether sessions can run, and one next step. */
export function verdict({ checks, level, projectFile, others }: DoctorReport, output: Output): string {
  const { isLive, style, textColumns: columns } = output;
  const count = counted(checks.filter((check) => check.level === level).length, NAMES[level]);
  const [where, place] = projectFile === undefined ? ['on this machine', ', in a repository'] : ['here', ''];
  const start = `Next${place}: ${style.accent('samocode run')}`;
  const fix = `Next: fix what is marked ${isLive ? MARKS.fail : 'fail'}, then ${style.accent('samocode doctor')}`;
  const sentences = {
    ok: `Sessions can run ${where}. ${start}`,
    warn: `Sessions can run ${where}, with ${count}. ${start}`,
    fail: `${others ? othersText(others, count) : `No session can run ${where} yet: ${count}`}. ${fix}`,
  };
  if (!isLive) return sentences[level];
  return `\n${hanging(sentences[level], { first: `${painted(level, style)} `, columns })}`;
}

function othersText({ failing, can }: NonNullable<DoctorReport['others']>, count: string): string {
  const names = inWords(
    can.map(({ title }) => title),
    'and',
  );
  return `${failing} cannot work yet: ${count}; ${names} can: PROVIDER=${can[0]?.name}`;
}

const NAMES: Readonly<Record<Level, string>> = { ok: 'check', warn: 'warning', fail: 'problem' };
