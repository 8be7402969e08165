import { nameWithoutDate } from '../../session/layout/names.ts';
import { sessionFolders } from '../../session/session-list.ts';
import type { ActionContext } from '../common/context.ts';
import { allSessionsFolders } from '../common/places/sessions-folders.ts';

/** The maximum that the protocol allows in one answer. */
const MOST = 100;

/** The sessions whose name contains the typed text: those that begin with it first, then the newest. */
export async function completeSession(typed: string, context: ActionContext) {
  const places = await allSessionsFolders(context);
  const lists = await Promise.all(places.map(({ sessionsDir }) => sessionFolders(sessionsDir)));
  const wanted = typed.trim().toLowerCase();
  const values = [...new Set(lists.flat())].filter((folder) => folder.toLowerCase().includes(wanted));
  const isBegun = (folder: string) =>
    [folder, nameWithoutDate(folder)].some((name) => name.toLowerCase().startsWith(wanted));
  // Names begin with a date.
  values.sort((a, b) => Number(isBegun(b)) - Number(isBegun(a)) || b.localeCompare(a));
  return { values: values.slice(0, MOST), total: values.length, hasMore: values.length > MOST };
}
