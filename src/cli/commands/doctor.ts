import type { Command } from 'commander';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

type DoctorOptions = SharedOptions & { checks?: true };

export function addDoctor(program: Command, cli: Cli): void {
  withSharedOptions(program.command('doctor'))
    .description('check whether this machine and project can run sessions, and how to fix what is missing')
    .option('--checks', 'also run SETUP and each CHECK once, in a temporary worktree')
    .action((options: DoctorOptions) => showDoctor(cli, options));
}

async function showDoctor(cli: Cli, options: DoctorOptions): Promise<void> {
  const { doctor } = await import('../../machine/doctor/doctor.ts');
  const report = await doctor(
    { ...projectOf(options), runChecks: options.checks, signal: cli.interrupted },
    await cli.actionContext(),
  );
  const { doctorWords } = await import('../rendering/doctor-words.ts');
  if (report.level === 'fail') cli.leaveWith(EXIT.failed);
  cli.output.result(report, () => doctorWords(report, cli.output));
}
