import type { Clock } from '../../base/clock.ts';

export interface PrintOptions {
  bytes: number;
  /** `event`: lines that a reader must parse; `one-line`: no line feed until the end. */
  shape: 'plain' | 'event' | 'one-line';
  to: 'stdout' | 'stderr';
}

export interface Printer {
  clock: Clock;
  write(text: string, to: 'stdout' | 'stderr'): void;
}

const PIECE_BYTES = 1024 * 1024;
const LINE_BYTES = 1024;

/** Prints at least `bytes` bytes, yielding between pieces so that signals are still heard. */
export async function printMuch(
  { bytes, shape, to }: PrintOptions,
  { clock, write }: Printer,
): Promise<void> {
  const piece = PIECES[shape]();
  for (let printed = 0; printed < bytes; printed += piece.length) {
    const left = bytes - printed;
    write(shape !== 'event' && left < piece.length ? piece.slice(0, left) : piece, to);
    await clock.sleep(0);
  }
  if (shape === 'one-line') write('\n', to);
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
