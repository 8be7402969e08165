import { stat } from 'node:fs/promises';
import { dateOf, nameWithoutDate } from '../../session/layout/names.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
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
  const lists = await Promise.all(
    places.map(async ({ sessionsDir }) => {
      const folders = await sessionFolders(sessionsDir);
      return await Promise.all(folders.map((folder) => bornAt(sessionPaths(sessionsDir, folder))));
    }),
  );
  const wanted = typed.trim().toLowerCase();
  const ranked = lists.flat().map((one) => ({ ...one, rank: rankOf(one.folder, wanted) }));
  const fitting = ranked.filter(({ rank }) => rank !== undefined);
  fitting.sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || b.day.localeCompare(a.day) || b.at - a.at);
  const values = [...new Set(fitting.map(({ folder }) => folder))];
  return { values: values.slice(0, MOST), total: values.length, hasMore: values.length > MOST };
}

/** How far a name is from what was typed; undefined when it does not fit at all. */
export function rankOf(folder: string, wanted: string): number | undefined {
  const names = [nameWithoutDate(folder), folder].map((name) => name.toLowerCase());
  if (names.includes(wanted)) return 0;
  if (names.some((name) => name.startsWith(wanted))) return 1;
  if (names.some((name) => name.includes(`-${wanted}`))) return 2;
  if (names.some((name) => name.includes(wanted))) return 3;
  return names.some((name) => hasInOrder(name, wanted)) ? 4 : undefined;
}

/** `jwt` fits `add-json-web-token`: its letters come in that order. */
function hasInOrder(name: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** The day that its name has, and when its folder was made, in milliseconds since the epoch. */
async function bornAt(paths: SessionPaths): Promise<{ folder: string; day: string; at: number }> {
  const { folder, runDir, sessionDir } = paths;
  const stats =
    (await stat(runDir).catch(() => undefined)) ?? (await stat(sessionDir).catch(() => undefined));
  return { folder, day: dateOf(folder), at: stats?.birthtimeMs ?? 0 };
}
