import type { Command } from 'commander';
import { type Cli, EXIT } from '../../kit/terminal/cli.ts';
import { hanging, padTo, table, tabSeparated } from '../../kit/terminal/columns.ts';
import { hintForTerminal } from '../../kit/terminal/next-commands.ts';
import type { Output } from '../../kit/terminal/output.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../kit/terminal/shared-options.ts';
import { harmless } from '../../kit/terminal/style.ts';
import type { DoctorReport } from './doctor.ts';

type DoctorOptions = SharedOptions & { checks?: true; verbose?: true };

export function addDoctor(program: Command, cli: Cli): void {
  withSharedOptions(program.command('doctor'))
    .description('Check whether sessions can run here, and how to fix what is missing')
    .option('--checks', 'also run SETUP and each CHECK once, in a temporary worktree')
    .option('-v, --verbose', 'also show where each missing program was searched')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      const { output } = cli;
      const how = { verbose: options.verbose === true };
      const report = await doctor(
        {
          ...projectOf(options),
          runChecks: options.checks,
          onCheck: (check) => output.say(checkWords(check, output, how)),
          signal: cli.interrupted,
        },
        await cli.actionContext(),
      );
      if (report.level === 'fail') cli.leaveWith(EXIT.failed);
      output.result(report, () => doctorEnd(report, output, how));
    });
}

type Check = DoctorReport['checks'][number];

const MARKS: Readonly<Record<DoctorReport['level'], string>> = { ok: '✔', warn: '!', fail: '✘' };
/** Wide enough for nearly every name: the lines are shown before the last one is known. */
const NAME_COLUMNS = 24;

export interface DoctorStyle {
  /** Includes details that only help to find a cause. */
  verbose: boolean;
}

/** One line of `samocode doctor`, as soon as it is known. */
export function checkWords(check: Check, output: Output, { verbose }: DoctorStyle): string {
  const { id, level, found, fix = '', next = [], details = '' } = check;
  const { style, textColumns: columns } = output;
  const paint = { ok: style.good, warn: style.attention, fail: style.bad };
  const said = [found, verbose ? details : '', hintForTerminal({ hint: fix, next })]
    .map(harmless)
    .filter(Boolean);
  if (columns === Number.POSITIVE_INFINITY) return tabSeparated([level, id, ...said]);
  const name = `${paint[level](MARKS[level])} ${id}`;
  const first = padTo(name, NAME_COLUMNS);
  if (columns < 2 * NAME_COLUMNS) return table([[name, said.join('\n')]], { columns }).join('\n');
  return hanging(said.join('\n'), { first: first.endsWith(' ') ? first : `${first} `, columns });
}

/** What `samocode doctor` ends with: the failures once more, which a long list has pushed off the screen. */
export function doctorEnd({ checks, level }: DoctorReport, output: Output, how: DoctorStyle): string {
  const failures = checks.filter((check) => check.level === 'fail');
  const repeated = output.isLive ? failures.map((check) => checkWords(check, output, how)) : [];
  const mark = output.isLive ? MARKS[level] : level;
  return [...(output.isLive ? [''] : []), ...repeated, ENDS[level](mark)].join('\n');
}

const ENDS: Readonly<Record<DoctorReport['level'], (mark: string) => string>> = {
  ok: () => 'Sessions can run here.',
  warn: (mark) => `Sessions can run here; check what is marked with "${mark}".`,
  fail: (mark) => `Sessions cannot run here until what is marked with "${mark}" is fixed.`,
};
