import type { OutageKind } from '../../phases/ending.ts';
import { lastedMs, OUTAGE_WORDS, type Patience, waitAfter } from '../../phases/outage.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { spread } from '../../session/events/limit-wait.ts';
import type { FrozenSettings } from '../../session/events/session-file.ts';
import { stateOf, type Worker } from '../core/worker.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export function patienceOf({
  retryDelayMs,
  outageMs = MINUTE_MS,
  retryHours,
}: Pick<FrozenSettings, 'retryDelayMs' | 'outageMs' | 'retryHours'>): Patience {
  return { quickMs: retryDelayMs, firstMs: outageMs, mostMs: retryHours * HOUR_MS };
}

/** The wait of an outage after its quick tries. It is no limit of an account: other sessions ignore it, and no other provider takes over. */
export function outageEnd(worker: Pick<Worker, 'clock' | 'file' | 'writer'>, kind: OutageKind): NewEvent {
  const { settings } = worker.file;
  const { lastProvider, outage = { tries: 1, workedMs: 0 } } = stateOf(worker);
  const patience = patienceOf(settings);
  const now = worker.clock.now();
  const until = spread(now + waitAfter(outage.tries, patience), now);
  return {
    type: 'limited',
    until,
    // So that a clock that is set back does not lengthen it.
    guessed: true,
    provider: lastProvider ?? settings.provider,
    outage: { kind, asksAt: Math.max(until, now + patience.mostMs - lastedMs(outage, patience)) },
    flow: `Waiting: ${OUTAGE_WORDS[kind]}; retries automatically`,
  };
}
