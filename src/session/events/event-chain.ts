import type { SessionEvent } from './events.ts';

/** What makes a line count: also that of an event whose body can't be read. */
export type Link = Pick<SessionEvent, 'n' | 'lease' | 'more'>;

/**
 * The events that count among those read from the end of a log, in the order of the file. Read from its
 * start it is exactly what the fold takes: numbers without gaps, no event of a lower lease. Behind a later
 * start nobody knows which number comes first, so the longest such chain is taken.
 */
export function countingEvents<T extends Link>(read: Iterable<T>, fromStart: boolean): T[] {
  // Keyed by the number of each chain's last event.
  const chains = new Map<number, T[]>(fromStart ? [[0, []]] : []);
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

/** Without a commit at the end whose rest is missing. */
export function wholeCommits<T extends Link>(events: readonly T[]): T[] {
  return events.slice(0, events.findLastIndex(({ more }) => more === undefined) + 1);
}
