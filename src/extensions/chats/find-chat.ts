import { readSync } from 'node:fs';
import type { CallersChat } from '../../core/acts/sessions/start/work.ts';
import type { ActionContext, ChatCall } from '../../core/caller/context/context.ts';
import type { FormChoice } from '../../core/caller/facts/form.ts';
import { isoUtc } from '../../core/kernel/clock.ts';
import { orNothing } from '../../core/kernel/errors.ts';
import { utf16Of, withPlainFile } from '../../core/kernel/files/plain-file.ts';
import { secretFilter } from '../../core/kernel/secrets.ts';
import { cut } from '../../core/kernel/text.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { oneLine } from '../../core/session/documents/markdown-lines.ts';
import { CHAT_ERRORS } from './chat-errors.ts';
import { type FoundChat, piecesOf } from './clients/chat.ts';
import { type ProjectFolders, projectFolders } from './clients/chat-place.ts';
import { type ChatFile, claudeChats, containsCall } from './clients/claude-chats.ts';
import { codexChats } from './clients/codex-chats.ts';
import { opencodeChats, opencodePieces } from './clients/opencode-chats.ts';
import { secretsOfProject } from './document/secrets-of-project.ts';

type Looking = Pick<ActionContext, 'env' | 'home' | 'clock' | 'chatCall' | 'by'>;

/**
 * Finds the chat that makes this call, or that the person chooses.
 * @throws if its client does not name it, or it is of another project
 */
export async function chatOfCall(
  choose: CallersChat['choose'],
  project: Project,
  context: Looking,
): Promise<FoundChat> {
  const { chatCall, by } = context;
  if (chatCall === undefined) {
    const rows = await newestChats(project, context);
    const id = rows.length === 0 ? undefined : await choose?.(rows);
    if (id !== undefined) return await chatById(id, project, context);
    const chats = shown(rows);
    throw by.channel === 'cli' ? CHAT_ERRORS.chat_id_missing({ chats }) : CHAT_ERRORS.chat_unnamed({ chats });
  }
  const [chat, ...copies] = await awaitedChats(chatCall, context);
  const client = chatCall.client === 'claude' ? 'Claude Code' : 'Codex';
  // A chat that was continued under another id is a copy, and may go elsewhere.
  if (copies.length > 0)
    throw CHAT_ERRORS.chat_ambiguous({ client, chats: await chatsToShow(project, context) });
  return await inProject(chat, { client, id: chatCall.id }, { project, context });
}

/** Finds the chat with the id that a person names. @throws if this project has no such chat */
export async function chatById(id: string, project: Project, context: Looking): Promise<FoundChat> {
  const chat = id.startsWith('ses_')
    ? ({ client: 'opencode', id, source: { pieces: await opencodePieces(id, context) } } as const)
    : [...claudeChats(context), ...codexChats(context)].find((each) => each.id === id);
  return await inProject(chat, { client: 'Claude Code or Codex', id }, { project, context });
}

async function inProject(
  chat: FoundChat | undefined,
  named: { client: string; id: string },
  { project, context }: { project: Project; context: Looking },
): Promise<FoundChat> {
  if (chat === undefined)
    throw CHAT_ERRORS.chat_not_found({ ...named, chats: await chatsToShow(project, context) });
  const folders = await projectFolders(project);
  const { client, id } = chat;
  const place = placeOf(chat);
  if (place === undefined) throw CHAT_ERRORS.chat_unreadable({ client, id, why: whyPlaceless(chat) });
  if (await folders.has(place)) return chat;
  throw CHAT_ERRORS.chat_elsewhere({ client, id, project: project.mainRepo });
}

function whyPlaceless({ source }: FoundChat): string {
  const begin = Buffer.alloc(2);
  const read = (descriptor: number) => readSync(descriptor, begin);
  if ('path' in source) orNothing(() => withPlainFile(source.path, read));
  return utf16Of(begin)
    ? 'Its transcript is in UTF-16, and only UTF-8 is read.'
    : 'No line of its transcript names the folder in which it began.';
}

/** A client may write the line of a call after it has sent the call. */
const WAIT_MS = 2000;
const POLL_MS = 100;

async function awaitedChats(call: ChatCall, context: Looking): Promise<FoundChat[]> {
  const { clock } = context;
  const seen = new Set<string>();
  for (const until = clock.monotonic() + WAIT_MS; ; ) {
    const chats =
      call.client === 'claude'
        ? await claudeChatsWith(call.id, context, seen)
        : codexChats(context, call.id).slice(0, 1);
    if (chats.length > 0 || clock.monotonic() >= until) return chats;
    await clock.sleep(POLL_MS);
  }
}

/** A chat that makes a call was written to just now. */
const MOST_RECENT = 40;

/** @param seen what was read without success, by path and size */
async function claudeChatsWith(id: string, context: Looking, seen: Set<string>): Promise<FoundChat[]> {
  const found: FoundChat[] = [];
  for (const chat of claudeChats(context).slice(0, MOST_RECENT)) {
    const state = `${chat.source.path} ${chat.identity}`;
    if (seen.has(state)) continue;
    seen.add(state);
    if (containsCall(chat.source.path, id)) found.push(chat);
  }
  return found;
}

const MOST_SHOWN = 10;
/** Codex keeps the chats of all projects in one folder. */
const MOST_ROLLOUTS = 300;
const MAX_WORDS = 70;

interface ListedChat {
  client: string;
  id: string;
  at: number;
  words: string;
}

async function chatsToShow(project: Project, context: Looking): Promise<string> {
  return shown(await newestChats(project, context));
}

function shown(rows: readonly FormChoice[]): string {
  return rows.map(({ title }) => `- ${title}`).join('\n');
}

/** The newest chats of a project by their ids: program, time, id and the first words of the person. */
async function newestChats(project: Project, context: Looking): Promise<FormChoice[]> {
  const folders = await projectFolders(project);
  const files = [
    await listed(claudeChats(context, folders.folders), folders),
    await listed(codexChats(context).slice(0, MOST_ROLLOUTS), folders),
  ];
  const asked = await opencodeChats(project.mainRepo, context, MOST_SHOWN);
  const ofProject = await Promise.all(
    asked.map(async (each) => ((await folders.has(each.directory)) ? [each] : [])),
  );
  const ofOpencode = ofProject
    .flat()
    .map(({ id, title, updated }) => ({ client: 'opencode', id, at: updated, words: title }));
  const newest = [...files.flat(), ...ofOpencode].sort((a, b) => b.at - a.at).slice(0, MOST_SHOWN);
  const clean = secretFilter(newest.length === 0 ? [] : await secretsOfProject(project, context));
  return newest.map(({ client, id, at, words }) => {
    const minute = isoUtc(at).slice(0, 16).replace('T', ' ');
    const begin = JSON.stringify(cut(oneLine(clean(words)), MAX_WORDS));
    return { value: id, title: `${client}, ${minute} UTC, ${id}: ${begin}` };
  });
}

async function listed(chats: readonly ChatFile[], folders: ProjectFolders): Promise<ListedChat[]> {
  const found: ListedChat[] = [];
  for (const chat of chats) {
    if (found.length >= MOST_SHOWN) break;
    const { cwd, words } = beginningOf(chat);
    if (words === undefined || cwd === undefined || !(await folders.has(cwd))) continue;
    found.push({ client: chat.client, id: chat.id, at: chat.changedAt, words });
  }
  return found;
}

/** The folder that the chat names first. */
function placeOf(chat: FoundChat): string | undefined {
  for (const piece of piecesOf(chat)) if (piece.kind === 'place') return piece.cwd;
  return undefined;
}

function beginningOf(chat: FoundChat): { cwd?: string | undefined; words?: string } {
  let cwd: string | undefined;
  for (const piece of piecesOf(chat)) {
    if (piece.kind === 'place') cwd ??= piece.cwd;
    if (piece.kind === 'person') return { cwd, words: piece.text };
  }
  return { cwd };
}
