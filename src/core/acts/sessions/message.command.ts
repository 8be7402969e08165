import type { Command } from 'commander';
import type { Cli } from '../../kit/terminal/cli.ts';
import { shownFacts } from '../../kit/terminal/session-facts.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../kit/terminal/shared-options.ts';

export function addMessage(program: Command, cli: Cli): void {
  withSharedOptions(program.command('message <session> <text...>'))
    .description('Leave guidance for the next agent of a session')
    .action((session: string, text: string[], options: SharedOptions) =>
      send(cli, session, text.join(' '), options),
    );
}

async function send(cli: Cli, session: string, text: string, options: SharedOptions): Promise<void> {
  const { sendMessage } = await import('./send-message.act.ts');
  const { view, messageId, readBy } = await sendMessage(
    { session, ...projectOf(options), text },
    await cli.actionContext(),
  );
  cli.output.result({ ...shownFacts(view), messageId }, () => `${cli.output.style.good('✔')} ${readBy}`);
}
