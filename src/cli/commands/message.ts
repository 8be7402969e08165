import type { Command } from 'commander';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

export function addMessage(program: Command, cli: Cli): void {
  withSharedOptions(program.command('message <session> <text...>'))
    .description('Leave guidance for the next agent of a session')
    .action((session: string, text: string[], options: SharedOptions) =>
      send(cli, session, text.join(' '), options),
    );
}

async function send(cli: Cli, session: string, text: string, options: SharedOptions): Promise<void> {
  const { sendMessage } = await import('../../actions/sessions/send-message.ts');
  const { view, messageId, readBy } = await sendMessage(
    { session, ...projectOf(options), text },
    await cli.actionContext(),
  );
  cli.output.result(
    { ...sessionFacts(view), ...(messageId && { messageId }) },
    () => `${cli.output.style.good('✔')} ${readBy}`,
  );
}
