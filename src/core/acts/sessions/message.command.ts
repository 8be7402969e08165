import type { Command } from 'commander';
import type { Cli } from '../../kit/terminal/cli.ts';
import { printDone } from '../../kit/terminal/print-done.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../kit/terminal/shared-options.ts';

export function addMessage(program: Command, cli: Cli): void {
  withSharedOptions(program.command('message <session> <text...>'))
    .description('Leave guidance for the next agent of a session')
    .action(async (session: string, text: string[], options: SharedOptions) => {
      const { sendMessage } = await import('./send-message.act.ts');
      const input = { session, ...projectOf(options), text: text.join(' ') };
      const { messageId, ...sent } = await sendMessage(input, await cli.actionContext());
      printDone(cli, sent, { facts: { messageId } });
    });
}
