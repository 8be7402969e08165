import type { NewEvent } from '../session/events.ts';
import { stateOf, type Worker } from './worker.ts';

const MINUTE_MS = 60_000;
/** Without a word from the provider: try again after a while. */
const GUESS_MS = 30 * MINUTE_MS;
/** Many sessions share an account; they should not all come back in one second. */
const JITTER_MS = MINUTE_MS;

/** @param until milliseconds since the epoch, null when the provider gave none */
export function limitEnd(worker: Worker, until: number | null): NewEvent {
  const provider = stateOf(worker).openIteration?.provider ?? worker.file.settings.provider;
  const now = worker.clock.now();
  const guessed = until === null;
  const end = (until ?? now + GUESS_MS) + Math.round(Math.random() * JITTER_MS);
  return { type: 'limited', until: end, guessed, provider, flow: 'Usage limit reached; goes on by itself' };
}
