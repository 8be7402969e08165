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
const LINE_BYTES = 1024;

/** Prints at least `bytes` bytes, yielding between pieces so that signals are still heard. */
export async function printMuch(
  { bytes, shape, to }: PrintOptions,
  { clock, write }: Printer,
): Promise<void> {
  const piece = PIECES[shape]();
  const lineLength = shape === 'one-line' ? 1 : piece.indexOf('\n') + 1;
  for (let printed = 0; printed < bytes; printed += piece.length) {
    const lines = Math.ceil((bytes - printed) / lineLength);
    await write(piece.slice(0, lines * lineLength), to);
    await clock.sleep(0);
  }
  if (shape === 'one-line') await write('\n', to);
}

const PIECES = {
  plain: () => `${'~'.repeat(LINE_BYTES - 1)}\n`.repeat(PIECE_BYTES / LINE_BYTES),
  'one-line': () => '~'.repeat(PIECE_BYTES),
  event: () => {
    const content = [{ type: 'text', text: '~'.repeat(LINE_BYTES) }];
    const line = `${JSON.stringify({ type: 'assistant', message: { role: 'assistant', content } })}\n`;
    return line.repeat(Math.floor(PIECE_BYTES / line.length));
  },
} as const;
