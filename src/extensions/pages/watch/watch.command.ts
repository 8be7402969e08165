import type { Command } from 'commander';
import { showStatus } from '../../../core/acts/reading/list-status-wait.command.ts';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/faces/terminal/cli-errors.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';

export function addWatch(program: Command, cli: Cli): void {
  withSharedOptions(program.command('watch [session]'))
    .description('Watch all sessions of this machine, or one, live; keys answer, approve, show output, stop')
    .action((session: string | undefined, options: SharedOptions) => watch(program, cli, session, options));
}

async function watch(
  program: Command,
  cli: Cli,
  session: string | undefined,
  options: SharedOptions,
): Promise<void> {
  if (cli.output.json) {
    throw CLI_ERRORS.usage({
      why: '--json and a live screen exclude each other: the screen never ends, so it cannot be one object.',
      hint: 'Run "samocode list --all --json" for one object.',
    });
  }
  const { screen, menus } = cli;
  if (screen === undefined || menus === undefined) return await showOnce(cli, session, options);
  const { watchOnScreen } = await import('./screen.ts');
  const run = (argv: readonly string[]) => program.parseAsync([...argv], { from: 'user' });
  await watchOnScreen(cli, { screen, menus }, { session, ...projectOf(options), run });
}

/** Prints the current state once, where no screen can be drawn. */
async function showOnce(cli: Cli, session: string | undefined, options: SharedOptions): Promise<void> {
  cli.output.warn('this terminal cannot show a live screen; the status is shown once.');
  await showStatus(cli, session, { ...options, all: options.project ? undefined : true });
}
