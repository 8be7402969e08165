import type { ChatWork } from '../../../src/core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import type { Project } from '../../../src/core/project/finding/open-project.ts';
import { piecesOf } from '../../../src/extensions/chats/clients/chat.ts';
import { ChangeCollector, pathsInRepo } from '../../../src/extensions/chats/files/chat-changes.ts';
import { chatNamed } from '../../../src/extensions/chats/resolve-chat.ts';

/** The files of the main repository that a chat changed, committed or not. */
export async function changesOfChat(
  { chat }: ChatWork,
  project: Project,
  context: ActionContext,
): Promise<string[]> {
  if (chat.by === 'brief') throw new Error('A brief is no transcript');
  const found = await chatNamed(chat, project, context);
  const changes = new ChangeCollector();
  for await (const piece of piecesOf(found)) changes.take(piece);
  return await pathsInRepo(await changes.paths(found), project.mainRepo);
}
