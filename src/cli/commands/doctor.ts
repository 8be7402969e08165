import type { Command } from 'commander';
import type { DoctorReport } from '../../actions/doctor.ts';
import { type Cli, EXIT } from '../cli.ts';
import { hintForTerminal } from '../hints.ts';
import type { Output } from '../output.ts';
import { table } from '../rendering/columns.ts';
import { harmless } from '../rendering/style.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../shared-options.ts';

type DoctorOptions = SharedOptions & { checks?: true };

export function addDoctor(program: Command, cli: Cli): void {
  withSharedOptions(program.command('doctor'))
    .description('whether this machine and project can run sessions, and how to mend what is missing')
    .option('--checks', 'also run SETUP and each CHECK once, in a worktree that is thrown away')
    .action((options: DoctorOptions) => showDoctor(cli, options));
}

async function showDoctor(cli: Cli, options: DoctorOptions): Promise<void> {
  const { doctor } = await import('../../actions/doctor.ts');
  const report = await doctor(
    { ...projectOf(options), runChecks: options.checks, signal: cli.interrupted },
    await cli.actionContext(),
  );
  if (report.level === 'fail') cli.leaveWith(EXIT.failed);
  cli.output.result(report, () => doctorWords(report, cli.output));
}

const MARKS: Readonly<Record<DoctorReport['level'], string>> = { ok: '✔', warn: '!', fail: '✘' };

function doctorWords({ checks, level }: DoctorReport, { style, textColumns: columns }: Output): string {
  const paint = { ok: style.good, warn: style.attention, fail: style.bad };
  const rows = checks.map(({ id, level: each, found, fix }) => {
    const words = fix === undefined ? found : `${found}\n${hintForTerminal(fix)}`;
    return [`${paint[each](MARKS[each])} ${id}`, harmless(words)] as const;
  });
  return [...table(rows, { columns }), '', ENDS[level]].join('\n');
}

const ENDS: Readonly<Record<DoctorReport['level'], string>> = {
  ok: 'Sessions can run here.',
  warn: 'Sessions can run here; what is marked with "!" is worth a look.',
  fail: 'Sessions cannot run here until what is marked with "✘" is mended.',
};
