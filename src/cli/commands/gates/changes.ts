import type { Command } from 'commander';
import { handleOf } from '../../../session/layout/names.ts';
import { sessionFacts } from '../../rendering/session-facts.ts';
import type { Cli } from '../../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';

export function addChanges(program: Command, cli: Cli): void {
  withSharedOptions(program.command('changes <session> <feedback...>'))
    .description('Request changes to the plan of a session')
    .action((session: string, feedback: string[], options: SharedOptions) =>
      sendBack(cli, session, feedback.join(' '), options),
    );
}

async function sendBack(cli: Cli, session: string, feedback: string, options: SharedOptions): Promise<void> {
  const { requestChanges } = await import('../../../actions/gates/request-changes.ts');
  const { view } = await requestChanges(
    { session, ...projectOf(options), feedback },
    await cli.actionContext(),
  );
  cli.output.result(
    sessionFacts(view),
    () =>
      `${cli.output.style.good('✔')} The plan of ${handleOf(view.folder)} is being changed; you will be asked again.`,
  );
}
