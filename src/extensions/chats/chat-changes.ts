import type { ChatWork } from '../../core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { pathInside, realPathAsFar } from '../../core/project/git/real-path.ts';
import { type ChatPiece, type FoundChat, piecesInFile } from './clients/chat.ts';
import { readClaudeLine, subagentFiles } from './clients/claude-chats.ts';
import { piecesOf } from './find-chat.ts';
import { chatNamed } from './resolve-chat.ts';

const MOST_FILES = 2000;

/** The files of the main repository that the tool calls of a chat changed, as paths relative to it, sorted. */
export async function chatChanges(
  { chat }: ChatWork,
  project: Project,
  context: ActionContext,
): Promise<string[]> {
  if (chat.by === 'brief') return [];
  const found = await chatNamed(chat, project, context);
  const mainRepo = await realPathAsFar(project.mainRepo);
  const inside = new Set<string>();
  for (const path of await pathsOfChat(found)) {
    const own = path.startsWith('/')
      ? pathInside(mainRepo, await realPathAsFar(path).catch(() => '/'))
      : undefined;
    if (own) inside.add(own);
  }
  return [...inside].sort().slice(0, MOST_FILES);
}

/** As its tools named them. */
export async function pathsOfChat(chat: FoundChat): Promise<Set<string>> {
  const byCall = new Map<string, string[]>();
  const others = new Set<string>();
  const take = (piece: ChatPiece) => {
    if (piece.kind === 'failed') byCall.delete(piece.call);
    else if (piece.kind === 'changed' && piece.call !== undefined) byCall.set(piece.call, piece.paths);
    else if (piece.kind === 'changed') for (const path of piece.paths) others.add(path);
  };
  for await (const piece of piecesOf(chat)) take(piece);
  const subagents =
    'path' in chat.source && chat.client === 'Claude Code' ? subagentFiles(chat.source.path) : [];
  for (const path of subagents) for await (const piece of piecesInFile(path, readClaudeLine)) take(piece);
  return new Set([...others, ...[...byCall.values()].flat()]);
}
