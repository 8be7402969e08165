import { isoUtc } from '../../kernel/clock.ts';
import type { OutageKind } from '../../kernel/phases/ending.ts';
import { OUTAGE_TEXT, outageDurationMs, type Patience, waitAfter } from '../../kernel/phases/outage.ts';
import { keptText } from '../../kernel/phases/usage-windows.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { GUESS_MS, isBelievable, spread } from '../../session/waits/limit-wait.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { type ChoiceNow, chooseAgent, type LimitNow, requireSameAccount } from './choose-agent.ts';
import { readSharedLimit, shareLimit } from './shared-limit.ts';

const LONG_OVER_MS = 10_000;
const SHORTEST_REPEAT_MS = 1000;

/**
 * The events for an agent's usage limit, which is shared with every session of the account. If another provider of
 * FALLBACK is free, the session continues at once.
 * @param stated milliseconds since the epoch; null if the provider stated none
 */
export async function limitEnd(worker: Worker, stated: number | null): Promise<NewEvent[]> {
  const until = stated === null || isOfWrongClock(worker, stated) ? null : stated;
  const provider = stateOf(worker).lastProvider ?? worker.file.settings.provider;
  const known = await readSharedLimit(worker, provider);
  const guessed = until === null && (known?.guessed ?? true);
  const end = Math.max(until ?? known?.until ?? worker.clock.now() + GUESS_MS, soonestAfterMany(worker));
  // A stated time overrides a guess; of two stated ones the later counts, because the other belongs to a shorter
  // window.
  if (known === undefined || known.guessed || end > known.until)
    await shareLimit(worker, provider, { until: end, guessed });
  const choice = await chooseAgent(worker, stateOf(worker).progress.phase);
  const isFree = choice.limit === undefined && choice.provider.name !== provider;
  const own = { until: end, guessed, provider };
  const event = limited(worker, choice.limit && choice.limit.until < end ? choice.limit : own);
  return isFree ? [event, { type: 'went_on', why: 'fallback' }] : [event];
}

/** Limits that end immediately would start one agent after another, so the wait grows each time. */
function soonestAfterMany({ clock, file, writer }: Worker): number {
  const repeated = (writer.state.limitsInARow ?? 0) - 1;
  if (repeated < 1) return 0;
  const firstMs = Math.max(file.settings.retryDelayMs, SHORTEST_REPEAT_MS);
  return clock.now() + Math.min(firstMs * 2 ** (repeated - 1), GUESS_MS);
}

/**
 * A time in the past would restart agents forever, one far in the future would never end: one of the clocks is wrong.
 */
function isOfWrongClock({ clock }: Worker, until: number): boolean {
  const now = clock.now();
  return !(until >= now - LONG_OVER_MS && isBelievable({ until, guessed: false }, now));
}

/**
 * The provider of the next agent. Another session may have reached a limit meanwhile, and one may have ended.
 * @returns undefined when the session now waits for a limit
 * @throws Blocked if the account is another one
 */
export async function freeAgent(worker: Worker): Promise<ChoiceNow | undefined> {
  const choice = await chooseAgent(worker, stateOf(worker).progress.phase);
  requireSameAccount(worker, choice);
  if (choice.limit === undefined) return choice;
  await record(worker, limited(worker, choice.limit));
  return undefined;
}

/** Records every change of the provider because of a limit, and the return to the phase's own. */
export async function announceChange(worker: Worker, { provider, insteadOf }: ChoiceNow): Promise<void> {
  const last = stateOf(worker).lastProvider;
  if (last === undefined || last === provider.name) return;
  if (insteadOf) {
    const until = isoUtc(insteadOf.limit.until);
    const { kept } = insteadOf.limit;
    const why = kept ? keptText(kept) : `${insteadOf.provider} has reached its usage limit`;
    const text = `${why} until ${until}; ${provider.name} takes over (FALLBACK).`;
    await record(worker, { type: 'notice', code: 'fallback', text });
  } else if (worker.file.settings.fallback.includes(last)) {
    await record(worker, {
      type: 'notice',
      code: 'fallback',
      text: `${provider.name} is used again instead of ${last}.`,
    });
  }
}

function limited(
  { clock }: Worker,
  { until, guessed, provider, kept }: LimitNow & { provider: string },
): NewEvent {
  return {
    type: 'limited',
    until: spread(until, clock.now()),
    guessed,
    provider,
    kept,
    flow: kept
      ? `${keptText(kept)}; continues automatically`
      : 'Usage limit reached; continues automatically',
  };
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export function patienceOf({
  retryDelayMs,
  outageMs = MINUTE_MS,
  retryHours,
}: Pick<FrozenSettings, 'retryDelayMs' | 'outageMs' | 'retryHours'>): Patience {
  return { quickMs: retryDelayMs, firstMs: outageMs, maxMs: retryHours * HOUR_MS };
}

/** The wait of an outage after its quick retries. Unlike a usage limit, it affects no other session or provider. */
export function outageEnd(worker: Pick<Worker, 'clock' | 'file' | 'writer'>, kind: OutageKind): NewEvent {
  const { settings } = worker.file;
  const { lastProvider, outage = { tries: 1, workedMs: 0 } } = stateOf(worker);
  const patience = patienceOf(settings);
  const now = worker.clock.now();
  const until = spread(now + waitAfter(outage.tries, patience), now);
  return {
    type: 'limited',
    until,
    // As a guess, so that setting the clock back does not prolong the wait.
    guessed: true,
    provider: lastProvider ?? settings.provider,
    outage: { kind, asksAt: Math.max(until, now + patience.maxMs - outageDurationMs(outage, patience)) },
    flow: `Waiting: ${OUTAGE_TEXT[kind]}; retries automatically`,
  };
}
