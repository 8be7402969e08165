import type { Readable, Writable } from 'node:stream';
import { SamocodeError } from '../base/errors.ts';
import { LinkedController } from '../base/linked-controller.ts';
import { harmless } from './style.ts';

/** Asks one question on a terminal and gives the line that was typed. */
export function makeAsk(stdin: Readable, stdout: Writable, interrupted: AbortSignal) {
  return async (question: string): Promise<string> => {
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: stdin, output: stdout });
    using ended = new LinkedController(interrupted);
    // In raw mode the terminal gives Ctrl-C to readline, not to the process.
    lines.once('SIGINT', () => process.emit('SIGINT'));
    lines.once('close', () => ended.abort(new InputEndedError()));
    try {
      return await lines.question(harmless(question), { signal: ended.signal });
    } finally {
      lines.close();
    }
  };
}

class InputEndedError extends SamocodeError {
  readonly code = 'input_ended';

  constructor() {
    super(
      'Nothing was answered.',
      'The input ended before there was an answer.',
      'Run the command again in a terminal.',
    );
  }
}
