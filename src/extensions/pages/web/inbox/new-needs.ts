import type { LiveList, LiveSessions } from '../live.ts';
import { demandOf, inboxOf } from './items.ts';

/** How many sessions need the person, and the items that came into the inbox since the last update of this tab. */
export interface Needs {
  needs?: number;
  news?: [key: string, name: string, words: string][];
  /** The server's time, from which a later stream of this tab begins. */
  until?: string;
  /** What agents cost today, such as `$12.40`. */
  today?: string;
}

/** Finds what came into the inbox since one tab was last updated. */
export class NewNeeds {
  #list: LiveList | undefined;
  #known: ReadonlySet<string> | undefined;
  readonly #after: string;

  /** @param after ISO time of the last update of an earlier stream of this tab; empty for its first one */
  constructor(after: string) {
    this.#after = after;
  }

  in(list: LiveList, live: Pick<LiveSessions, 'keyOf'>): Needs {
    const { needs } = list;
    if (list === this.#list) return { needs };
    this.#list = list;
    const before = this.#known;
    const items = inboxOf(list, live).map((item) => ({ ...item, id: `${item.key} ${item.row.facts.since}` }));
    this.#known = new Set(items.map(({ id }) => id));
    const isFresh = (item: (typeof items)[number]) =>
      before === undefined ? this.#after !== '' && item.row.facts.since > this.#after : !before.has(item.id);
    const fresh = items.filter(isFresh);
    return {
      needs,
      news: fresh.map((item) => [
        item.key,
        item.row.name,
        demandOf({ kind: item.kind, facts: item.row.facts }),
      ]),
    };
  }
}
