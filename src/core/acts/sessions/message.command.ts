import type { Command } from 'commander';
import type { Cli } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';

interface MessageOptions extends SharedOptions {
  /** True without an id. */
  withdraw?: string | true;
}

export function addMessage(program: Command, cli: Cli): void {
  withSharedOptions(program.command('message <session> [text...]'))
    .description('Leave guidance for the next agent of a session')
    .option('--withdraw [id]', 'take back a message that no agent has received; without an id: the only one')
    .action(async (session: string, text: string[], options: MessageOptions) => {
      requireEither(text, options);
      const { messageId, ...acted } =
        options.withdraw === undefined
          ? await send(session, text, options, cli)
          : await withdraw(session, options, cli);
      printDone(cli, acted, { facts: { messageId } });
    });
}

/** @throws usage unless there is a text or a withdrawal, not both */
function requireEither(text: readonly string[], { withdraw: withdrawn }: MessageOptions): void {
  if (text.length > 0 !== (withdrawn !== undefined)) return;
  throw CLI_ERRORS.usage({
    why: text.length > 0 ? 'A text and --withdraw exclude each other.' : 'The text is missing.',
    hint: 'Give the text of a message, or --withdraw to take one back.',
  });
}

async function send(session: string, text: readonly string[], options: MessageOptions, cli: Cli) {
  const { sendMessage } = await import('./send-message.act.ts');
  const input = { session, ...projectOf(options), text: text.join(' ') };
  return await sendMessage(input, await cli.actionContext());
}

async function withdraw(session: string, { withdraw: id, ...options }: MessageOptions, cli: Cli) {
  const { withdrawMessage } = await import('./send-message.act.ts');
  const message = id === true ? undefined : id;
  return await withdrawMessage({ session, ...projectOf(options), message }, await cli.actionContext());
}
