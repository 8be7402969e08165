import { basename } from 'node:path';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { type SessionFacts, sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { shortNames } from '../../../core/faces/terminal/short-names.ts';
import { stateBadge } from '../../../core/session/words/words.ts';
import type { WatchedRow, WatchModel, WatchPlace } from './watch-model.ts';

/** The groups of the list, top to bottom. */
export const GROUPS = ['needs you', 'working', 'waiting', 'done', 'stopped'] as const;
export type Group = (typeof GROUPS)[number];

/** By its badge: one that is done or stopped names its group, as does one that needs the person. */
export function groupOf(facts: Pick<SessionFacts, 'needsHuman' | 'state'>): Group {
  const { text, tone } = stateBadge(facts);
  if (tone === 'working') return 'working';
  return GROUPS.find((group) => group === text) ?? 'waiting';
}

export function isOver(group: Group): boolean {
  return group === 'done' || group === 'stopped';
}

/** The rows that can be selected: those that match the filter, or all except folded ones. */
export function visibleRows(
  { rows = [] }: Pick<WatchModel, 'rows'>,
  { filter, showsStopped, selected }: WatchPlace,
): readonly WatchedRow[] {
  if (filter) return rows.filter((row) => matches(row, filter.toLowerCase()));
  if (showsStopped) return rows;
  // A session stopped from this screen stays visible while it is selected.
  const open = rows.filter(({ facts, key }) => groupOf(facts) !== 'stopped' || key === selected);
  return open.length > 0 ? open : rows;
}

function matches({ facts, project }: WatchedRow, filter: string): boolean {
  const { session, id, phase, task = '', recurring = '' } = facts;
  const texts = [session, id, project, phase, groupOf(facts), task, recurring];
  return texts.some((text) => text.toLowerCase().includes(filter));
}

/** The selected row; the first one if the selection is not visible. */
export function selectedRow(model: Pick<WatchModel, 'rows'>, place: WatchPlace): WatchedRow | undefined {
  const rows = visibleRows(model, place);
  return rows.find(({ key }) => key === place.selected) ?? rows[0];
}

export type UnnamedRow = Omit<WatchedRow, 'name' | 'project'>;

/** Sorts rows in screen order: by group, newest first; finished sessions by when they ended. */
export function orderRows(rows: readonly UnnamedRow[]): WatchedRow[] {
  const names = shortNames(rows.map(({ facts }) => facts.session));
  const placed = rows.map((row, at) => placedRow(row, names[at] ?? row.facts.session));
  placed.sort((a, b) => a.group - b.group || b.at - a.at || (a.row.key < b.row.key ? -1 : 1));
  return placed.map(({ row }) => row);
}

interface PlacedRow {
  row: WatchedRow;
  group: number;
  at: number;
}

const placedRows = new WeakMap<UnnamedRow, PlacedRow>();

/** Made once for a row and its name: a list of a thousand sessions is ordered at each change of one. */
function placedRow(row: UnnamedRow, name: string): PlacedRow {
  const known = placedRows.get(row);
  if (known?.row.name === name) return known;
  const group = groupOf(row.facts);
  const named = { ...row, name, project: basename(row.projectDir) };
  const placed = { row: named, group: GROUPS.indexOf(group), at: orderMs(row) };
  placedRows.set(row, placed);
  return placed;
}

/** The place in its group, greatest first: newest first; finished sessions by when they ended. */
export function orderMs({ facts }: Pick<UnnamedRow, 'facts'>): number {
  return Date.parse(isOver(groupOf(facts)) ? facts.since : (facts.createdAt ?? facts.since)) || 0;
}

/** The newest row of each session; most sessions are unchanged from one poll to the next. */
const cache = new WeakMap<ShownSession['view'], { session: ShownSession; row: UnnamedRow }>();

export function watchedRows(sessions: readonly ShownSession[]): WatchedRow[] {
  return orderRows(sessions.map(rowOf));
}

function rowOf(session: ShownSession): UnnamedRow {
  const { view, projectDir } = session;
  const known = cache.get(view);
  if (known?.session === session) return known.row;
  const row: UnnamedRow =
    known !== undefined && onlyActivityDiffers(known.session, session)
      ? { ...known.row, session, facts: { ...known.row.facts, activity: session.activity } }
      : {
          key: view.paths.runDir,
          facts: sessionFacts(view, session),
          session,
          projectDir,
          isEstimate: view.state.cost.usdIsEstimate === true,
        };
  cache.set(view, { session, row });
  return row;
}

/** An agent's activity changes every few seconds, usually without any other change in the report. */
function onlyActivityDiffers(a: ShownSession, b: ShownSession): boolean {
  const isSame = a.worker === b.worker && a.isDying === b.isDying && a.isStalled === b.isStalled;
  return isSame && a.unwatched === b.unwatched && a.troubles === b.troubles;
}
