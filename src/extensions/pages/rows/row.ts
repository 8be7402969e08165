import { basename } from 'node:path';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { pageKey } from '../../../core/caller/facts/live-page.ts';
import { type SessionFacts, sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import { byWait, type NeedKind, needKind } from '../../../core/caller/facts/wanted.ts';
import { shortNames } from '../../../core/faces/terminal/short-names.ts';
import { stateBadge } from '../../../core/session/words/words.ts';

/** A session in a list: on the live screen, on the page or in the card. */
export interface SessionRow {
  /** Its key in addresses of the page, a hash of its run folder. */
  key: string;
  facts: SessionFacts;
  session: ShownSession;
  /** Its name without the date, unless another session has the same one. */
  name: string;
  project: string;
  group: Group;
  /** What it wants of the person, also one that is finished and neither merged nor published. */
  kind: NeedKind | undefined;
  /** Its place in a group that wants nothing, greatest first: when it began; of one that is over, when it ended. */
  rank: number;
}

/** The groups of the list, top to bottom, with their signs, because not everyone can tell the colours apart. */
export const SIGNS = {
  'needs you': '●',
  finished: '✔',
  working: '◆',
  waiting: '○',
  done: '✔',
  stopped: '■',
} as const;
export type Group = keyof typeof SIGNS;
export const GROUPS = Object.keys(SIGNS) as Group[];

/** By what it wants, else by its badge: one that is done or stopped names its group. */
function groupOf(facts: SessionFacts, kind: NeedKind | undefined): Group {
  if (kind !== undefined) return kind === 'finished' ? kind : 'needs you';
  const { text, tone } = stateBadge(facts);
  if (tone === 'working') return 'working';
  return GROUPS.find((group) => group === text) ?? 'waiting';
}

export function isOver(group: Group): boolean {
  return group === 'finished' || group === 'done' || group === 'stopped';
}

export function newRow(
  session: ShownSession,
  { facts, name }: Pick<SessionRow, 'facts' | 'name'>,
): SessionRow {
  const kind = needKind(facts);
  const group = groupOf(facts, kind);
  const since = isOver(group) ? facts.since : (facts.createdAt ?? facts.since);
  return {
    key: pageKey(session.view.paths),
    facts,
    session,
    name,
    project: basename(session.projectDir),
    group,
    kind,
    rank: Date.parse(since) || 0,
  };
}

/** Most sessions are unchanged from one poll to the next, and remain the same object. */
const rows = new WeakMap<ShownSession, SessionRow>();

/** The rows of all sessions, in the order of the screen. */
export function sessionRows(sessions: readonly ShownSession[]): SessionRow[] {
  const names = shortNames(sessions.map(({ view }) => view.folder));
  const all = sessions.map((session, at) => rowOf(session, names[at] ?? session.view.folder));
  return all.sort(byPlace);
}

function rowOf(session: ShownSession, name: string): SessionRow {
  const known = rows.get(session);
  if (known?.name === name) return known;
  const row = known
    ? { ...known, name }
    : newRow(session, { facts: sessionFacts(session.view, session), name });
  rows.set(session, row);
  return row;
}

/** By what waits, then by group and the newest first. */
export function byPlace(a: SessionRow, b: SessionRow): number {
  return (
    byWait(a.facts, b.facts) ||
    GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) ||
    b.rank - a.rank ||
    (a.key < b.key ? -1 : 1)
  );
}
