import { readAllSessions } from '../../session/session-list.ts';
import type { ActionContext } from '../common/context.ts';
import { findSessionsFolders } from '../common/places/sessions-folders.ts';

/** Counts the sessions of a project, archived ones excluded. @throws project_not_found */
export async function countSessions(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<{ total: number; done: number }> {
  const places = await findSessionsFolders(projectDir, context);
  const own = places.filter(({ isOwn }) => isOwn);
  const lists = await Promise.all(own.map(({ sessionsDir }) => readAllSessions(sessionsDir, context.host)));
  const kinds = lists.flat().map(({ state }) => state.status.kind);
  return { total: kinds.length, done: kinds.filter((kind) => kind === 'done').length };
}
