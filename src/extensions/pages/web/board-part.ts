import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { age } from '../../../core/kernel/durations.ts';
import { PHASE_NAMES, wayText } from '../../../core/kernel/phases/table.ts';
import { counted, cut } from '../../../core/kernel/text.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { doingText, goneText, STOPS, stateText } from '../../../core/session/words/words.ts';
import { boardCard } from '../html/common-parts.ts';
import { grouped } from '../html/figures.ts';
import { type Html, html } from '../html/html.ts';
import { GROUPS, type Group, groupOf, isOver, orderMs } from '../watch/groups.ts';
import type { WatchedRow } from '../watch/watch-model.ts';
import { demandOf, type ItemKind, itemKind, wantsOf } from './inbox/items.ts';
import type { LiveList, LiveSessions } from './live.ts';

/** The empty board; updates add the cards. */
export function boardFrame(): Html {
  return html`<header class="head bar"><h1>Sessions</h1><p id="sum" class="sentence"></p>
<label class="find">Filter <input id="find" type="search" autocomplete="off" spellcheck="false"></label></header>
<p id="none" class="sentence" hidden>There are no sessions.</p>
${GROUPS.map((group) => {
  const id = idOf(group);
  const head = html`<h2>${titleOf(group)} <small></small></h2>`;
  return isOver(group)
    ? html`<details class="group" id="${id}"${group === 'done' && html` open`} hidden><summary>${head}</summary><div class="cards"></div></details>
`
    : html`<section class="group" id="${id}" aria-label="${titleOf(group)}" hidden>${head}<div class="cards"></div></section>
`;
})}`;
}

function idOf(group: Group): string {
  return `g-${group.replace(' ', '-')}`;
}

function titleOf(group: Group): string {
  return group === 'waiting' ? 'Queued and waiting' : `${group[0]?.toUpperCase()}${group.slice(1)}`;
}

/** A card on the board: its session, its group, its position in the group (greatest first) and its markup. */
type Card = [key: string, group: string, place: number, html: string];

export interface BoardUpdate {
  cards: Card[];
  gone: string[];
  /** The next update follows at once. */
  more?: true;
}

/** The first update fills more than a screen, so that the browser can draw it before the others arrive in batches. */
const FIRST_CARDS = 40;
const NEXT_CARDS = 200;

/** The board of one tab; remembers which cards were sent to it. */
export class BoardCards {
  readonly #live: LiveSessions;
  readonly #sent = new Map<string, MadeCard>();
  #shown: LiveList | undefined;
  #minute = 0;

  constructor(live: LiveSessions) {
    this.#live = live;
  }

  /** The cards that differ from those sent before. */
  async changed(nowMs: number): Promise<BoardUpdate> {
    const list = await this.#live.list();
    const minute = Math.floor(nowMs / 60_000);
    const cards: Card[] = [];
    const gone: string[] = [];
    if (list === this.#shown && minute === this.#minute) return { cards, gone };
    const most = this.#sent.size === 0 ? FIRST_CARDS : NEXT_CARDS;
    for (const row of list.rows) {
      const key = this.#live.keyOf(row.key);
      const session = list.sessions.get(key);
      if (session === undefined) continue;
      const made = await cardOf({ row, key, session }, nowMs);
      const sent = this.#sent.get(key);
      if (sent === made) continue;
      this.#sent.set(key, made);
      if (sent?.group === made.group && sent.text === made.text) continue;
      cards.push([key, made.group, orderMs(row), made.text]);
      if (cards.length === most) return { cards, gone, more: true };
    }
    [this.#shown, this.#minute] = [list, minute];
    for (const key of this.#sent.keys()) if (!list.sessions.has(key)) gone.push(key);
    for (const key of gone) this.#sent.delete(key);
    return { cards, gone };
  }
}

interface MadeCard {
  stamp: string;
  group: string;
  text: string;
}

/** The card of each session, by its facts, which remain the same object until something changes. */
const cardCache = new WeakMap<WatchedRow['facts'], MadeCard>();

interface CardSource {
  row: WatchedRow;
  key: string;
  session: ShownSession;
}

async function cardOf(source: CardSource, nowMs: number): Promise<MadeCard> {
  const { row } = source;
  const { facts } = row;
  const stamp = facts.until === undefined ? row.name : `${row.name} ${Math.floor(nowMs / 60_000)}`;
  const known = cardCache.get(facts);
  if (known?.stamp === stamp) return known;
  const fresh = { stamp, group: idOf(groupOf(facts)), text: (await card(source, nowMs)).text };
  cardCache.set(facts, fresh);
  return fresh;
}

const TASK_CHARS = 160;

async function card({ row, key, session }: CardSource, nowMs: number): Promise<Html> {
  const { facts, name, project } = row;
  const group = groupOf(facts);
  const kind = itemKind(facts);
  const { session: folder, id, phase, task = '', recurring = '' } = facts;
  const find = [folder, id, project, phase, group, facts.group ?? '', task, recurring];
  const notes = [
    / of \d+ iterations/.test(facts.spent ?? '') ? '' : counted(facts.iteration, 'iteration'),
    facts.proof ? `proof ${facts.proof}` : '',
    grouped(facts.spent ?? ''),
    facts.group === undefined ? '' : `group ${facts.group}`,
    recurring,
  ].filter(Boolean);
  const wants = kind === undefined ? undefined : await wantsOf(session, row);
  const state = statusText(facts, nowMs);
  return boardCard({
    key,
    group,
    find,
    brief: kind === undefined ? state.brief : demandOf({ kind, facts }),
    why: wants || state.why,
    since: facts.since,
    task: cut(oneLine(facts.task ?? ''), TASK_CHARS),
    created: facts.createdAt,
    action: kind && { words: ACTIONS[kind], to: `#/inbox/${key}` },
    phase: facts.phase,
    way: facts.way,
    iterationCount: facts.iteration,
    isDone: facts.state === 'done',
    title: html`<bdi><a href="#/s/${key}">${name}</a>${wayText(facts)}</bdi> <small><bdi>${project}</bdi> · ${facts.id}</small>`,
    notes: html`${notes.join(' · ')}${facts.branch && html` · <code dir="ltr">${facts.branch}</code>`}`,
  });
}

const ACTIONS: Readonly<Record<ItemKind, string>> = {
  questions: 'Answer',
  plan: 'Read the plan',
  stuck: 'Decide',
  finished: 'Finish',
};

function statusText(facts: WatchedRow['facts'], nowMs: number): { brief: string; why?: string } {
  const gone = goneText(facts);
  if (gone !== undefined) return { brief: gone };
  if (groupOf(facts) !== 'working')
    return stateText(facts, { when: (time) => `in ${age(Date.parse(time) - nowMs)}` });
  const doing = doingText(facts);
  const phase = PHASE_NAMES.includes(facts.phase) ? facts.phase : 'work';
  const brief = [`in ${phase}`, facts.stops && STOPS[facts.stops]].filter(Boolean);
  return {
    brief: brief.join(', '),
    why: facts.stalled ? ['seems stalled', doing].filter(Boolean).join(': ') : doing,
  };
}
