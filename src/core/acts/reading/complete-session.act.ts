import type { ActionContext } from '../../caller/context/context.ts';
import { sessionIndex } from '../../caller/context/session-index.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';

const MOST = 100;

/** Finds the sessions whose name contains the typed text: first those that start with it, then the newest. */
export async function completeSession(typed: string, context: ActionContext) {
  const names = await (await sessionIndex({ reach: 'readable' }, context)).names();
  const wanted = typed.trim().toLowerCase();
  const values = [...new Set(names.flatMap(({ folders }) => folders))].filter((folder) =>
    folder.toLowerCase().includes(wanted),
  );
  const startsTyped = (folder: string) =>
    [folder, nameWithoutDate(folder)].some((name) => name.toLowerCase().startsWith(wanted));
  // Names start with a date, so this puts the newest first.
  values.sort((a, b) => Number(startsTyped(b)) - Number(startsTyped(a)) || b.localeCompare(a));
  return { values: values.slice(0, MOST), total: values.length, hasMore: values.length > MOST };
}
