import type { Clock } from '../base/clock.ts';

export interface PrintOptions {
  bytes: number;
  /** `event`: lines that a reader must parse; `one-line`: no line feed until the end. */
  shape: 'plain' | 'event' | 'one-line';
  to: 'stdout' | 'stderr';
}

export interface Printer {
  clock: Clock;
  /** Resolves when the text has left the process. */
  write(text: string, to: 'stdout' | 'stderr'): Promise<void>;
}

const PIECE_BYTES = 1024 * 1024;
const TILDES = '~'.repeat(1023);
const EVENT = {
  type: 'assistant',
  message: { role: 'assistant', content: [{ type: 'text', text: TILDES }] },
};
const LINES = { plain: `${TILDES}\n`, event: `${JSON.stringify(EVENT)}\n`, 'one-line': TILDES };

/** Prints at least `bytes` bytes, yielding between pieces so that signals are still heard. */
export async function printMuch({ bytes, shape, to }: PrintOptions, printer: Printer): Promise<void> {
  const line = LINES[shape];
  for (let printed = 0; printed < bytes; ) {
    const count = Math.ceil(Math.min(PIECE_BYTES, bytes - printed) / line.length);
    await printer.write(line.repeat(count), to);
    await printer.clock.sleep(0);
    printed += count * line.length;
  }
  if (shape === 'one-line') await printer.write('\n', to);
}
