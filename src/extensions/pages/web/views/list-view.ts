import type { NeedKind } from '../../../../core/caller/facts/wanted.ts';
import { capitalised } from '../../../../core/kernel/text.ts';
import { type Html, html } from '../../html/html.ts';
import { rowClass, rowLines } from '../../rows/list-row.ts';
import { GROUPS, type Group, type SessionRow } from '../../rows/row.ts';
import type { LiveList } from './live.ts';
import type { Piece } from './tab-view.ts';

/** The groups that want the person: their rows keep their places until the page is loaded again. */
const WANTING: readonly Group[] = ['needs you', 'finished'];

/** The empty list: updates fill its groups. */
export function listFrame(): Html {
  return html`${GROUPS.map((group) => {
    const title = capitalised(group);
    const rows = html`<ul id="${idOf(group)}"${WANTING.includes(group) && html` data-keeps`}></ul>`;
    return group === 'done' || group === 'stopped'
      ? html`<details class="group"${group === 'done' && html` open`} hidden><summary>${title} <small></small></summary>${rows}</details>
`
      : html`<section class="group" aria-label="${title}" hidden><h2>${title} <small></small></h2>${rows}</section>
`;
  })}`;
}

/** What a row wants of the person, or else its group: each has a chip. */
const CHIPS = {
  ...{ questions: 'Answer', plan: 'Approve', stuck: 'Blocked', finished: 'Finished' },
  ...{ working: 'Working', waiting: 'Waiting', done: 'Done', stopped: 'Stopped' },
} as const satisfies Record<NeedKind | Exclude<Group, 'needs you'>, string>;

/** Each counts its sessions, and shows only those while it is pressed. */
export function chips(): Html {
  return html`${Object.entries(CHIPS).map(([want, title]) => html`<button type="button" data-only="${want}" aria-pressed="false" hidden><b></b> ${title}</button>`)}`;
}

function idOf(group: Group): string {
  return `g-${group.replace(' ', '-')}`;
}

/** By list, which remains the same object until a session changes, and by minute: for all tabs. */
const made = new WeakMap<LiveList, { minute: number; pieces: Promise<Piece[]> }>();

/** The rows of all sessions, those that need the person first. */
export async function listPieces(list: LiveList, nowMs: number): Promise<readonly Piece[]> {
  const minute = Math.floor(nowMs / 60_000);
  const known = made.get(list);
  if (known?.minute === minute) return await known.pieces;
  const pieces = Promise.all(list.rows.map((row) => rowPiece(row, nowMs)));
  made.set(list, { minute, pieces });
  return await pieces;
}

interface MadeRow {
  stamp: string;
  piece: Piece;
}

/** By row, which remains the same object until its session changes. */
const madeRows = new WeakMap<SessionRow, MadeRow>();

async function rowPiece(row: SessionRow, nowMs: number): Promise<Piece> {
  const stamp = row.facts.until === undefined ? '' : String(Math.floor(nowMs / 60_000));
  const known = madeRows.get(row);
  if (known?.stamp === stamp) return known.piece;
  const piece: Piece = [`r-${row.key}`, (await rowItem(row, nowMs)).text];
  madeRows.set(row, { stamp, piece });
  return piece;
}

async function rowItem(row: SessionRow, nowMs: number): Promise<Html> {
  const { facts, project, key, group, kind } = row;
  const { session: folder, id, phase, task = '', recurring } = facts;
  const find = [folder, id, project, phase, group, facts.group ?? '', task, recurring ?? ''];
  return html`<li id="r-${key}" data-in="${idOf(group)}" data-want="${kind ?? group}" data-project="${project}" data-find="${find.join(' ').toLowerCase()}"><a id="to-${key}" class="${rowClass(row)}" href="#/s/${key}" title="${folder}">${await rowLines(row, nowMs)}</a></li>`;
}
