import type { Command } from 'commander';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

export function addTakeover(program: Command, cli: Cli): void {
  withSharedOptions(program.command('takeover <session>'))
    .description('Take over a session whose machine or container is gone for good')
    .action((session: string, options: SharedOptions) => takeOver(cli, session, options));
}

async function takeOver(cli: Cli, session: string, options: SharedOptions): Promise<void> {
  const { takeOverSession } = await import('../../actions/sessions/take-over-session.ts');
  const context = await cli.actionContext();
  const { view, outcome, from } = await takeOverSession({ session, ...projectOf(options) }, context);
  const words =
    outcome === 'taken'
      ? `now has its worker here; process ${from?.pid} of ${from?.hostId} had held it since ${from?.since}. If that worker is still running, it ends its agent and exits as soon as it reads the new lease.`
      : 'had no worker elsewhere; nothing was taken over.';
  cli.output.result(
    { ...sessionFacts(view), outcome, ...(from && { from }) },
    () => `${view.folder} ${words}`,
  );
}
