import type { Readable, Writable } from 'node:stream';
import { LinkedController } from '../../kernel/processes/linked-controller.ts';
import type { Cli } from './cli.ts';
import { CLI_ERRORS } from './cli-errors.ts';
import { harmless } from './style.ts';

/** Asks one question on a terminal and returns the line that was typed. */
export function makeAsk(stdin: Readable, stdout: Writable, interrupted: AbortSignal) {
  return async (question: string): Promise<string> => {
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: stdin, output: stdout });
    using ended = new LinkedController(interrupted);
    // In raw mode the terminal gives Ctrl-C to readline, not to the process.
    lines.once('SIGINT', () => process.emit('SIGINT'));
    lines.once('close', () => ended.abort(CLI_ERRORS.input_ended()));
    try {
      return await lines.question(harmless(question), { signal: ended.signal });
    } finally {
      lines.close();
    }
  };
}

/** @param enter the answer that Enter gives: yes only where that loses nothing. @returns undefined if cancelled */
export async function askYesNo(cli: Cli, question: string, enter = false): Promise<boolean | undefined> {
  const menus = await cli.menus?.();
  if (menus) return await menus.confirm(question, enter);
  const typed = (await cli.ask(`${question} [${enter ? 'Y/n' : 'y/N'}] `)).trim();
  return typed === '' ? enter : /^y(?:es)?$/i.test(typed);
}
