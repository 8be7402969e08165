import { nameWithoutDate } from '../../session/layout/names.ts';
import { sessionFolders } from '../../session/session-list.ts';
import type { ActionContext } from '../acting/context.ts';
import { everyPlace } from '../places/every-session.ts';

export interface Completion {
  values: string[];
  /** All that fit, also those beyond the bound. */
  total: number;
  hasMore: boolean;
}

/** What the protocol allows in one answer. */
const MOST = 100;

/** The sessions that a person may mean who has typed so much of a name: the nearest first, then the newest. */
export async function completeSession(typed: string, context: ActionContext): Promise<Completion> {
  const places = await everyPlace(context);
  const lists = await Promise.all(places.map(({ sessionsDir }) => sessionFolders(sessionsDir)));
  const wanted = typed.trim().toLowerCase();
  const ranked = [...new Set(lists.flat())].flatMap((folder) => {
    const rank = rankOf(folder, wanted);
    return rank === undefined ? [] : [{ folder, rank }];
  });
  // A name begins with its date.
  ranked.sort((a, b) => a.rank - b.rank || b.folder.localeCompare(a.folder));
  const values = ranked.map(({ folder }) => folder);
  return { values: values.slice(0, MOST), total: values.length, hasMore: values.length > MOST };
}

/** How far a name is from what was typed; undefined when it does not fit at all. */
export function rankOf(folder: string, wanted: string): number | undefined {
  const names = [nameWithoutDate(folder), folder].map((name) => name.toLowerCase());
  if (names.includes(wanted)) return 0;
  if (names.some((name) => name.startsWith(wanted))) return 1;
  if (names.some((name) => name.includes(`-${wanted}`))) return 2;
  return names.some((name) => name.includes(wanted)) ? 3 : undefined;
}
