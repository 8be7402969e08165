import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { filesBelow, namesAt, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { type ChatPiece, type FoundChat, personsWords, piecesInFile, type ReadLine } from './chat.ts';
import type { ChatPlace } from './chat-place.ts';

const Block = z.object({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.record(z.string(), z.unknown()).optional().catch(undefined),
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional().catch(undefined),
});
const Content = z.union([z.string(), z.array(Block)]);
const Origin = z.object({ kind: z.string() }).optional().catch(undefined);

const Line = z.object({
  type: z.enum(['user', 'assistant', 'attachment']),
  cwd: z.string().optional(),
  parentUuid: z.string().nullish(),
  isSidechain: z.boolean().optional(),
  isMeta: z.boolean().optional(),
  isCompactSummary: z.boolean().optional(),
  isVisibleInTranscriptOnly: z.boolean().optional(),
  isVirtual: z.boolean().optional(),
  isApiErrorMessage: z.boolean().optional(),
  origin: Origin,
  message: z.object({ id: z.string().optional(), content: Content }).optional(),
  /** What the person typed while the agent worked. */
  attachment: z
    .object({
      type: z.literal('queued_command'),
      prompt: Content,
      commandMode: z.string().optional(),
      isMeta: z.boolean().optional(),
      origin: Origin,
    })
    .optional()
    .catch(undefined),
});
type Line = z.infer<typeof Line>;

/** Most lines are neither; some of those are hundreds of kilobytes long. */
const MAY_MATTER = /"type":"(?:user|assistant|queued_command)"/;

/** One line of a transcript of Claude Code. */
export function readClaudeLine(text: string): ChatPiece[] {
  const line = MAY_MATTER.test(text) ? Line.safeParse(parseJson(text)).data : undefined;
  if (line === undefined) return [];
  const place: ChatPiece[] = line.cwd === undefined ? [] : [{ kind: 'place', cwd: line.cwd }];
  if (line.type === 'assistant') return [...place, ...ofAgent(line)];
  return [...place, ...(line.type === 'user' ? ofUser(line) : ofQueued(line))];
}

function ofAgent({ message, isSidechain, isApiErrorMessage, cwd = '/' }: Line): ChatPiece[] {
  const blocks = blocksIn(message?.content);
  const text = textIn(blocks);
  const isSaid = text !== '' && !isSidechain && !isApiErrorMessage;
  return [
    ...(isSaid ? [{ kind: 'agent', text, message: message?.id } as const] : []),
    ...blocks.flatMap(({ type, name = '', input, id }): ChatPiece[] => {
      const field = type === 'tool_use' ? CHANGING[name] : undefined;
      const path = field === undefined ? undefined : input?.[field];
      return typeof path === 'string' ? [{ kind: 'changed', paths: [resolve(cwd, path)], call: id }] : [];
    }),
  ];
}

/** The tools that change files, and the field that names one. */
const CHANGING: Readonly<Record<string, string>> = {
  Edit: 'file_path',
  MultiEdit: 'file_path',
  Write: 'file_path',
  NotebookEdit: 'notebook_path',
};

function ofUser(line: Line): ChatPiece[] {
  const { message, parentUuid, origin } = line;
  const blocks = blocksIn(message?.content);
  const results = blocks.filter(({ type }) => type === 'tool_result');
  if (results.length > 0)
    return results.flatMap(({ tool_use_id: call, is_error }): ChatPiece[] =>
      is_error && call !== undefined ? [{ kind: 'failed', call }] : [],
    );
  const isAdded =
    line.isSidechain ||
    line.isMeta ||
    line.isCompactSummary ||
    line.isVisibleInTranscriptOnly ||
    line.isVirtual;
  // The first text of a chat follows nothing, and so does the one that replaces it.
  return isAdded ? [] : written(blocks, origin, parentUuid === null ? '' : parentUuid);
}

function ofQueued({ attachment, isSidechain }: Line): ChatPiece[] {
  if (attachment === undefined || isSidechain || attachment.isMeta) return [];
  const { prompt, commandMode = 'prompt', origin } = attachment;
  return commandMode === 'prompt' ? written(blocksIn(prompt), origin) : [];
}

function written(
  blocks: readonly z.infer<typeof Block>[],
  origin: z.infer<typeof Origin>,
  after?: string,
): ChatPiece[] {
  if (origin !== undefined && origin.kind !== 'human') return [];
  const text = personsWords(textIn(blocks));
  return text === '' ? [] : [{ kind: 'person', text, after }];
}

function blocksIn(content: z.infer<typeof Content> | undefined): readonly z.infer<typeof Block>[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
}

function textIn(blocks: readonly z.infer<typeof Block>[]): string {
  return blocks
    .flatMap(({ type, text = '' }) => (type === 'text' && text.trim() !== '' ? [text] : []))
    .join('\n\n');
}

export interface ChatFile extends FoundChat {
  source: { path: string; read: ReadLine };
  changedAt: number;
  identity: string;
}

function projectsFolder({ env, home }: ChatPlace): string {
  return join(env.CLAUDE_CONFIG_DIR || join(home, '.claude'), 'projects');
}

/** The transcripts of Claude Code, newest first. @param of only those of chats that began in or below these folders */
export function claudeChats(place: ChatPlace, of?: readonly string[]): ChatFile[] {
  const folder = projectsFolder(place);
  const begins = of?.map(folderNameOf);
  const isOfThem = (name: string) =>
    begins === undefined || begins.some((each) => name === each || name.startsWith(`${each}-`));
  return (namesAt(folder) ?? [])
    .filter(isOfThem)
    .flatMap((name) => (namesAt(join(folder, name)) ?? []).map((file) => join(folder, name, file)))
    .flatMap((path) => chatFile(path, 'Claude Code', basename(path, '.jsonl'), readClaudeLine))
    .sort((a, b) => b.changedAt - a.changedAt);
}

/** Claude Code names the folder of a project after its path, and shortens long names in the same way. */
function folderNameOf(path: string): string {
  return path.replace(/[^a-zA-Z0-9]/g, '-').slice(0, 200);
}

export function chatFile(path: string, client: FoundChat['client'], id: string, read: ReadLine): ChatFile[] {
  const stats = path.endsWith('.jsonl') ? statsAt(path) : undefined;
  if (!stats?.isFile()) return [];
  return [
    { client, id, source: { path, read }, changedAt: stats.mtimeMs, identity: `${stats.ino} ${stats.size}` },
  ];
}

/** A call is among the last lines of its chat. */
const CALL_BYTES = 8 * 1024 * 1024;

/** Whether the agent of a chat made the call with this id, which another chat could only quote. */
export function containsCall(path: string, id: string): boolean {
  const read = (text: string): ChatPiece[] => {
    const line = text.includes(id) ? Line.safeParse(parseJson(text)).data : undefined;
    const isIn = blocksIn(line?.message?.content).some((each) => each.type === 'tool_use' && each.id === id);
    return line?.type === 'assistant' && isIn ? [{ kind: 'changed', paths: [], call: id }] : [];
  };
  for (const _ of piecesInFile(path, read, { fromEnd: CALL_BYTES })) return true;
  return false;
}

/** The transcripts of the subagents of a chat. */
export function subagentFiles(path: string): string[] {
  const folder = join(path.slice(0, -'.jsonl'.length), 'subagents');
  return filesBelow(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(folder, name));
}
