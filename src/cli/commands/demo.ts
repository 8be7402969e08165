import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Cli, EXIT, UsageError } from '../cli.ts';
import { withSharedOptions } from '../shared-options.ts';

interface DemoOptions {
  ask?: true;
  keep?: true;
  pace?: number;
}

/** Quick enough to stay, slow enough to read; programs need no pause at all. */
const PACE_MS = { people: 250, programs: 0 };

export function addDemo(program: Command, cli: Cli): void {
  withSharedOptions(program.command('demo'))
    .description('watch a whole session on a little project: no login, no model')
    .option('--ask', 'you answer the questions and judge the plan')
    .option('--keep', 'with --json: keep the folder (people always keep it)')
    .option('--pace <ms>', 'pause of the child before each of its steps', milliseconds)
    .action((options: DemoOptions) => demo(cli, options));
}

function milliseconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a number of milliseconds.');
  return Number(text);
}

async function demo(cli: Cli, { ask, keep, pace }: DemoOptions): Promise<void> {
  if (ask && !cli.isInteractive) {
    throw new UsageError(
      'Nobody can be asked.',
      '--ask needs a terminal, and no --json.',
      'Leave --ask out.',
    );
  }
  const [{ runDemo }, { newDemoScreen }, { askedPerson, playedPerson }, { demoWords }] = await Promise.all([
    import('../../demo/run-demo.ts'),
    import('../demo-screen.ts'),
    import('../demo-person.ts'),
    import('../demo-words.ts'),
  ]);
  const { output } = cli;
  const { clock } = await cli.actionContext();
  using screen = newDemoScreen(output, clock);
  const report = await runDemo({
    server: join(cli.programsDir, 'samocode-mcp.js'),
    env: cli.env,
    clock,
    screen,
    person: ask ? askedPerson(cli) : playedPerson,
    paceMs: pace ?? (output.json ? PACE_MS.programs : PACE_MS.people),
    keep: keep ?? !output.json,
    signal: cli.interrupted,
  });
  cli.leaveWith(report.ok ? EXIT.ok : EXIT.failed);
  output.result(report, () => demoWords(report, cli));
}
