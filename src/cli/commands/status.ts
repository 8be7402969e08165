import type { Command } from 'commander';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';
import { showList } from './list.ts';

export function addStatus(program: Command, cli: Cli): void {
  withSharedOptions(program.command('status [session]'))
    .description('Show what a session does, or list all sessions')
    .action(async (session: string | undefined, options: SharedOptions) => {
      if (session === undefined) await showList(cli, options);
      else await showStatus(cli, session, options);
    });
}

export async function showStatus(cli: Cli, session: string, options: SharedOptions): Promise<void> {
  const { getStatus } = await import('../../actions/reading/get-status.ts');
  const { statusWords } = await import('../rendering/session-words.ts');
  const context = await cli.actionContext();
  const report = await getStatus({ session, ...projectOf(options) }, context);
  const facts = sessionFacts(report.view, report);
  cli.output.result(facts, () => statusWords(facts, cli.output, context.clock.now()));
}
