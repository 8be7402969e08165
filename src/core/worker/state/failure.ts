import { stderr } from 'node:process';
import { type Clock, isoUtc } from '../../kernel/clock.ts';

/** Reports a problem on stderr: session.log might be on the failing disk. */
export function say({ clock }: { clock: Pick<Clock, 'now'> }, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`${isoUtc(clock.now())} ${text}\n`);
}
