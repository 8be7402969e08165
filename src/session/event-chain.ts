import type { SessionEvent } from './events.ts';

/**
 * The events that count among those read from the end of a log, in the order of the file. Read from its
 * start it is exactly what the fold takes: numbers without gaps, no event of a lower lease. Behind a later
 * start nobody knows which number comes first, so the longest such chain is taken.
 */
export function countingEvents(read: Iterable<SessionEvent>, fromStart: boolean): SessionEvent[] {
  // Keyed by the number of each chain's last event.
  const chains = new Map<number, SessionEvent[]>(fromStart ? [[0, []]] : []);
  for (const event of read) {
    const chain = chains.get(event.n - 1);
    if (chain !== undefined && event.lease >= (chain.at(-1)?.lease ?? 0)) {
      chains.delete(event.n - 1);
      chain.push(event);
      if (chain.length > (chains.get(event.n)?.length ?? 0)) chains.set(event.n, chain);
    } else if (!fromStart && !chains.has(event.n)) {
      chains.set(event.n, [event]);
    }
  }
  return [...chains.values()].reduce((best, chain) => (chain.length >= best.length ? chain : best), []);
}
