import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import { cut } from '../../../../core/kernel/text.ts';
import { oneLine } from '../../../../core/session/documents/markdown-lines.ts';
import { type Html, html } from '../../html/html.ts';
import type { LiveList, LiveSessions } from '../live.ts';
import type { ViewPart } from '../session-part.ts';
import { ItemParts } from './item-part.ts';
import { demandOf, type InboxItem, inboxOf, wantsOf } from './items.ts';

/** The empty inbox: the list of items, and beside it the chosen one. Updates fill both. */
export function inboxFrame(): Html {
  return html`<header class="head bar"><h1>Inbox</h1><p id="sum" class="sentence"></p>
<label class="find" hidden>Project <select id="project"><option value="">all</option></select></label> <button id="skip" type="button" hidden>Skip</button></header>
<p id="none" class="sentence" hidden>Nothing needs you now. <a href="#/board">All sessions</a></p>
<div class="inbox"><nav class="items" aria-label="Needs you"><ol id="rows"></ol><button id="all-items" type="button" aria-expanded="false">All items</button></nav><div><div id="p-item"></div><div id="p-services"></div><div id="p-pictures"></div></div></div>`;
}

export interface InboxUpdate {
  /** The keys of all items in order, and the rows that differ from those sent before. */
  inbox?: { order: string[]; rows: [key: string, html: string][]; stamp: string };
  parts: ViewPart[];
}

export interface AskedInbox {
  /** The item that is shown whole; empty for none. */
  key: string;
  /** The stamp of the rows that the tab has. */
  rows: string;
}

/** The inbox of one tab; remembers which rows were sent to it. */
export class InboxView {
  readonly #live: LiveSessions;
  readonly #item: ItemParts | undefined;
  readonly #key: string;
  readonly #sent = new Map<string, string>();
  #shown: LiveList | undefined;
  #stamp: string;

  constructor({ key, rows }: AskedInbox, live: LiveSessions, context: ActionContext) {
    this.#live = live;
    this.#key = key;
    this.#stamp = rows;
    this.#item = key === '' ? undefined : new ItemParts(key, context);
  }

  async changed(): Promise<InboxUpdate> {
    const list = await this.#live.list();
    const items = inboxOf(list, this.#live);
    const parts = (await this.#item?.changed(list.sessions.get(this.#key), items)) ?? [];
    if (list === this.#shown) return { parts };
    this.#shown = list;
    const order = items.map(({ key }) => key);
    const rows = await this.#changedRows(items);
    for (const key of this.#sent.keys()) if (!order.includes(key)) this.#sent.delete(key);
    const stamp = fingerprint(JSON.stringify([...this.#sent])).slice(0, 12);
    if (stamp === this.#stamp) return { parts };
    this.#stamp = stamp;
    return { inbox: { order, rows, stamp }, parts };
  }

  async #changedRows(items: readonly InboxItem[]): Promise<[string, string][]> {
    const made = await Promise.all(items.map(async (item) => [item.key, await rowOf(item)] as const));
    return made.flatMap(([key, row]): [string, string][] => {
      if (this.#sent.get(key) === row) return [];
      this.#sent.set(key, row);
      return [[key, row]];
    });
  }
}

const TASK_CHARS = 120;

async function rowOf(item: InboxItem): Promise<string> {
  const { key, kind, row } = item;
  const { facts, name, project } = row;
  const task = cut(oneLine(facts.task ?? name), TASK_CHARS);
  const wants = await wantsOf(item.session, row);
  return html`<a id="to-${key}" class="row" href="#/inbox/${key}"><b class="demand ${kind}">${demandOf({ kind, facts })}</b> <time data-since="${facts.since}"></time>
<span class="task" dir="auto">${task}</span>${wants && html`<span class="wants" dir="auto">${wants}</span>`}<small><bdi>${project}</bdi>${facts.recurring && html` · <bdi>${facts.recurring}</bdi>`}</small></a>`
    .text;
}
