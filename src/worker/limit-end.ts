import type { NewEvent } from '../session/events.ts';
import { childChoice } from './begin-iteration.ts';
import { readSharedLimit, shareLimit } from './shared-limit.ts';
import { record, stateOf, type Worker } from './worker.ts';

const MINUTE_MS = 60_000;
/** Without a word from the provider: try again after a while. */
const GUESS_MS = 30 * MINUTE_MS;
const LONGEST_JITTER_MS = MINUTE_MS;
const SHORTEST_JITTER_MS = 500;

/**
 * The event for a usage limit that a child ran into; every session of the account is told.
 * @param until milliseconds since the epoch, null when the provider gave none
 */
export async function limitEnd(worker: Worker, until: number | null): Promise<NewEvent> {
  const provider = stateOf(worker).paidBy?.provider ?? worker.file.settings.provider;
  const known = await readSharedLimit(worker, provider);
  const guessed = until === null && (known?.guessed ?? true);
  const end = until ?? known?.until ?? worker.clock.now() + GUESS_MS;
  // A stated time stands above a guess, and of two stated ones the later counts: the other is a window within.
  if (known === undefined || known.guessed || end > known.until)
    await shareLimit(worker, provider, { until: end, guessed });
  return limited(worker, { until: end, guessed, provider });
}

/** Asked before every spawn: another session may know that the account is used up. @returns false when it waits */
export async function accountIsFree(worker: Worker): Promise<boolean> {
  const { provider } = childChoice(worker, stateOf(worker).progress.phase);
  const known = await readSharedLimit(worker, provider.name);
  if (known === undefined) return true;
  const { until, guessed } = known;
  await record(worker, limited(worker, { until, guessed, provider: provider.name }));
  return false;
}

interface Limit {
  until: number;
  guessed: boolean;
  provider: string;
}

/** Many sessions share an account; they should not all come back in one second. */
function limited({ clock }: Worker, { until, guessed, provider }: Limit): NewEvent {
  const longest = Math.min(LONGEST_JITTER_MS, Math.max(SHORTEST_JITTER_MS, (until - clock.now()) / 10));
  const spread = until + Math.round(Math.random() * longest);
  return {
    type: 'limited',
    until: spread,
    guessed,
    provider,
    flow: 'Usage limit reached; goes on by itself',
  };
}
