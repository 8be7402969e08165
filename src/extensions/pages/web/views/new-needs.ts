import { cut } from '../../../../core/kernel/text.ts';
import { oneLine } from '../../../../core/session/documents/markdown-lines.ts';
import { actionLabel } from '../../rows/needs.ts';
import type { SessionRow } from '../../rows/row.ts';
import type { LiveList } from './live.ts';

/** How many sessions keep an agent waiting, and what has begun to want the person since the last update of this tab. */
export interface Needs {
  needs?: number;
  news?: [key: string, name: string, words: string][];
  /** The server's time, from which a later stream of this tab begins. */
  until?: string;
  /** What agents cost today, such as `$12.40`. */
  today?: string;
}

/** Finds what has begun to need the person since one tab was last updated. */
export class NewNeeds {
  #list: LiveList | undefined;
  #known: ReadonlySet<string> | undefined;
  readonly #after: string;

  /** @param after ISO time of the last update of an earlier stream of this tab; empty for its first one */
  constructor(after: string) {
    this.#after = after;
  }

  needsIn(list: LiveList): Needs {
    const waiting = list.rows.filter(({ kind }) => kind !== undefined);
    const needs = waiting.filter(({ kind }) => kind !== 'finished').length;
    if (list === this.#list) return { needs };
    this.#list = list;
    const before = this.#known;
    const idOf = ({ key, facts }: SessionRow) => `${key} ${facts.since}`;
    this.#known = new Set(waiting.map(idOf));
    const isFresh = (each: SessionRow) =>
      before === undefined ? this.#after !== '' && each.facts.since > this.#after : !before.has(idOf(each));
    return {
      needs,
      news: waiting.filter(isFresh).map(({ key, kind = 'stuck', name, facts }) => {
        return [
          key,
          name,
          [actionLabel({ kind, facts }), cut(oneLine(facts.task ?? ''), 120)].filter(Boolean).join(' · '),
        ];
      }),
    };
  }
}
