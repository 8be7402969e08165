import { capitalised } from '../../../../core/kernel/text.ts';
import { type Html, html } from '../../html/html.ts';
import { listedGroup, rowClass, rowLines } from '../../rows/list-row.ts';
import { GROUPS, type Group, type SessionRow } from '../../rows/row.ts';
import type { LiveList } from './live.ts';
import type { Piece } from './tab-view.ts';

/** The empty list: updates fill its groups. A row of the first one keeps its place until the page is loaded again. */
export function listFrame(): Html {
  return html`${GROUPS.map((group) => {
    const title = capitalised(group);
    const rows = html`<ul id="${idOf(group)}"${group === 'needs you' && html` data-keeps`}></ul>`;
    return group === 'done' || group === 'stopped'
      ? html`<details class="group"${group === 'done' && html` open`} hidden><summary>${title} <small></small></summary>${rows}</details>
`
      : html`<section class="group" aria-label="${title}" hidden><h2>${title} <small></small></h2>${rows}</section>
`;
  })}`;
}

/** Counts the sessions of each group, and shows only that one while it is pressed. */
export function groupChips(): Html {
  return html`${GROUPS.map((group) => html`<button type="button" data-only="${idOf(group)}" aria-pressed="false" hidden><b></b> ${capitalised(group)}</button>`)}`;
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
  const { facts, project, key } = row;
  const group = listedGroup(row);
  const { session: folder, id, phase, task = '', recurring } = facts;
  const find = [folder, id, project, phase, group, facts.group ?? '', task, recurring ?? ''];
  return html`<li id="r-${key}" data-in="${idOf(group)}" data-project="${project}" data-find="${find.join(' ').toLowerCase()}"><a id="to-${key}" class="${rowClass(row)}" href="#/s/${key}" title="${folder}">${await rowLines(row, nowMs)}</a></li>`;
}
