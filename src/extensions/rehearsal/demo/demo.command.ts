import { join } from 'node:path';
import type { Command } from 'commander';
import { type Cli, EXIT } from '../../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/faces/terminal/cli-errors.ts';
import { numberOption, withSharedOptions } from '../../../core/faces/terminal/shared-options.ts';

interface DemoOptions {
  ask?: boolean;
  keep?: boolean;
  pace?: number;
}

/** Slow enough for people to read; programs need no pause. */
const PACE_MS = { people: 250, programs: 0 };

export function addDemo(program: Command, cli: Cli): void {
  withSharedOptions(program.command('demo'))
    .description('Watch a whole session on a small project; needs no login and no model')
    .option('--ask', 'answer the questions and review the plan yourself')
    .option('--keep', 'keep the project, the worktree and the session')
    .option(
      '--pace <ms>',
      'how long the agent pauses before each step',
      numberOption(0, 'a number of milliseconds'),
    )
    .action(async ({ ask = false, keep = false, pace }: DemoOptions) => {
      if (ask && !cli.isInteractive) {
        throw CLI_ERRORS.usage({
          why: '--ask needs a terminal and cannot be used with --json.',
          hint: 'Leave --ask out.',
        });
      }
      const [{ runDemo }, { formatDemo, newDemoScreen }] = await Promise.all([
        import('./run-demo.ts'),
        import('./demo-screen.ts'),
      ]);
      const { output } = cli;
      const { clock } = await cli.actionContext();
      using screen = newDemoScreen(cli, clock, ask);
      const report = await runDemo({
        server: join(cli.programsDir, 'samocode-mcp.js'),
        env: cli.env,
        paceMs: pace ?? (output.json ? PACE_MS.programs : PACE_MS.people),
        signal: cli.interrupted,
        clock,
        screen,
        keep,
      });
      cli.leaveWith(report.ok ? EXIT.ok : EXIT.failed);
      output.result(report, () => formatDemo(report, cli));
    });
}
