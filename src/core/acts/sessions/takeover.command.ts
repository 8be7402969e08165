import type { Command } from 'commander';
import type { Cli } from '../../faces/terminal/cli.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';

export function addTakeover(program: Command, cli: Cli): void {
  withSharedOptions(program.command('takeover <session>'))
    .description('Take a session over from a machine that is gone for good')
    .action(async (session: string, options: SharedOptions) => {
      const { takeOverSession } = await import('./take-over-session.act.ts');
      const question = { session, ...projectOf(options) };
      const { view, outcome, from } = await takeOverSession(question, await cli.actionContext());
      const done =
        outcome === 'taken'
          ? `${view.folder} now has its worker here; process ${from?.pid} of ${from?.hostId} had held it since ${from?.since}. If that worker is still running, it ends its agent and exits as soon as it reads the new lease.`
          : `${view.folder} had no worker elsewhere; nothing was taken over.`;
      printDone(cli, { view, done }, { facts: { outcome, from } });
    });
}
