import { pageKey } from '../acts/common/live-page.ts';
import type { ShownSession } from '../acts/reading/watch-sessions.act.ts';
import { type Html, html } from '../acts/report/page/html.ts';
import { phaseBar } from '../acts/report/page/session-page.ts';
import { GROUPS, type Group, groupOf, isOver, watchedRows } from '../acts/watch/groups.ts';
import type { WatchedRow } from '../acts/watch/watch-model.ts';
import { age } from '../base/durations.ts';
import { counted } from '../base/text.ts';
import { PHASE_NAMES } from '../phases/table.ts';
import { goneText, STOPS, stateText } from '../session/words.ts';
import type { LiveSessions } from './live.ts';

/** The empty board; cards arrive one by one. */
export function boardFrame(): Html {
  return html`<header class="head bar"><h1>Sessions</h1><p id="sum" class="sentence"></p>
<label class="find">Filter <input id="find" type="search" autocomplete="off" spellcheck="false"></label>
<a class="button" href="#/new">New session</a></header>
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

/** A card on the board: its session, where it stands, its place there (greatest first), and its markup. */
type Card = [key: string, group: string, place: number, html: string];

export interface BoardUpdate {
  cards: Card[];
  gone: string[];
  /** The next update follows at once. */
  more?: true;
}

/** More than a screen shows: a board of a thousand is drawn from its top on. */
const FIRST_CARDS = 40;

/** The cards that differ from what was sent before; `sent` is brought up to date. */
export async function boardUpdate(
  live: LiveSessions,
  sent: Map<string, string>,
  nowMs: number,
): Promise<BoardUpdate> {
  const rows = watchedRows(await live.list());
  const cards: Card[] = [];
  const there = new Set<string>();
  const isFirst = sent.size === 0;
  for (const row of rows) {
    const key = pageKey({ runDir: row.key });
    there.add(key);
    const group = idOf(groupOf(row.facts));
    const text = cardHtml(row, key, nowMs);
    const stamp = `${group} ${text}`;
    if (sent.get(key) === stamp) continue;
    sent.set(key, stamp);
    cards.push([key, group, placeOf(row), text]);
    if (isFirst && cards.length === FIRST_CARDS) return { cards, gone: [], more: true };
  }
  const gone = [...sent.keys()].filter((key) => !there.has(key));
  for (const key of gone) sent.delete(key);
  return { cards, gone };
}

/** Newest first; finished sessions by when they ended. */
function placeOf({ facts }: WatchedRow): number {
  return Date.parse(isOver(groupOf(facts)) ? facts.since : (facts.createdAt ?? facts.since)) || 0;
}

const TONES: Readonly<Record<Group, string>> = {
  'needs you': 'person',
  working: 'working',
  waiting: 'resting',
  done: 'done',
  stopped: 'resting',
};

/** Rows are made anew at every look; the facts of most sessions are not. */
const made = new WeakMap<ShownSession | object, { stamp: string; text: string }>();

function cardHtml(row: WatchedRow, key: string, nowMs: number): string {
  const { facts } = row;
  const stamp = `${row.name} ${facts.until === undefined ? '' : Math.floor(nowMs / 60_000)}`;
  const known = made.get(facts);
  if (known?.stamp === stamp) return known.text;
  const { text } = card(row, key, nowMs);
  made.set(facts, { stamp, text });
  return text;
}

function card(row: WatchedRow, key: string, nowMs: number): Html {
  const { facts, name, project } = row;
  const group = groupOf(facts);
  const find = [facts.session, facts.id, project, facts.phase, group, facts.group ?? '', facts.task ?? ''];
  const notes = [
    counted(facts.totalIterations, 'iteration'),
    facts.spent ?? '',
    facts.group === undefined ? '' : `group ${facts.group}`,
  ].filter(Boolean);
  const { brief, why } = words(facts, nowMs);
  return html`<article class="card tone-${TONES[group]}" id="c-${key}" data-find="${find.join(' ').toLowerCase()}"><h3><bdi><a href="#/s/${key}">${name}</a></bdi> <small><bdi>${project}</bdi> · ${facts.id}</small></h3>
<p class="sentence"><b class="mark-${group.replace(' ', '-')}">${SIGNS[group]}</b> ${brief} for <time data-since="${facts.since}"></time></p>
${why && html`<p class="says" dir="auto">${why.slice(0, 300)}</p>`}
${phaseBar({ phase: facts.phase, tone: facts.state === 'done' ? 'done' : 'working' })}
<p class="note">${notes.join(' · ')}${facts.branch && html` · <code dir="ltr">${facts.branch}</code>`}</p></article>
`;
}

/** No colour alone. */
const SIGNS: Readonly<Record<Group, string>> = {
  'needs you': '●',
  working: '◆',
  waiting: '○',
  done: '✔',
  stopped: '■',
};

/** What the session is doing, or what it waits for and why. */
function words(facts: WatchedRow['facts'], nowMs: number): { brief: string; why?: string | undefined } {
  const gone = goneText(facts);
  if (gone !== undefined) return { brief: gone };
  if (groupOf(facts) !== 'working')
    return stateText(facts, { when: (time) => `in ${age(Date.parse(time) - nowMs)}` });
  const doing = facts.doing ?? (facts.worker === 'starting' ? 'starting' : 'preparing');
  const phase = PHASE_NAMES.includes(facts.phase) ? facts.phase : 'work';
  const brief = [`in ${phase}`, facts.stops && STOPS[facts.stops]].filter(Boolean);
  return { brief: brief.join(', '), why: facts.stalled ? `seems stalled: ${doing}` : doing };
}
