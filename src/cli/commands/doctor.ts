import type { Command } from 'commander';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

type DoctorOptions = SharedOptions & { checks?: true; verbose?: true };

export function addDoctor(program: Command, cli: Cli): void {
  withSharedOptions(program.command('doctor'))
    .description('Check whether sessions can run here, and how to fix what is missing')
    .option('--checks', 'also run SETUP and each CHECK once, in a temporary worktree')
    .option('-v, --verbose', 'also show where each missing program was searched')
    .action((options: DoctorOptions) => showDoctor(cli, options));
}

async function showDoctor(cli: Cli, options: DoctorOptions): Promise<void> {
  const [{ doctor }, { checkWords, doctorEnd }] = await Promise.all([
    import('../../machine/doctor/doctor.ts'),
    import('../rendering/doctor-words.ts'),
  ]);
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
}
