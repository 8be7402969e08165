import { join } from 'node:path';
import * as z from 'zod';
import { filesBelow } from '../../../core/kernel/files/path-stats.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { type ChatPiece, personsWords } from './chat.ts';
import type { ChatPlace } from './chat-place.ts';
import { type ChatFile, chatFile } from './claude-chats.ts';

const Texts = z.array(z.object({ type: z.string(), text: z.string().optional() }));
const Changes = z.record(
  z.string(),
  z.object({
    move_path: z.string().nullish(),
    kind: z.object({ move_path: z.string().nullish() }).optional().catch(undefined),
  }),
);

/** The forms of older versions come first. */
const Payload = z.discriminatedUnion('type', [
  z.object({ type: z.literal('user_message'), message: z.string() }),
  z.object({ type: z.literal('agent_message'), message: z.string() }),
  z.object({ type: z.literal('patch_apply_begin'), call_id: z.string(), changes: Changes }),
  z.object({ type: z.literal('patch_apply_end'), call_id: z.string(), success: z.boolean() }),
  z.object({ type: z.literal('thread_rolled_back'), num_turns: z.number() }),
  z.object({
    type: z.literal('item_completed'),
    item: z.discriminatedUnion('type', [
      z.object({ type: z.literal('UserMessage'), content: Texts }),
      z.object({ type: z.literal('AgentMessage'), id: z.string().optional(), content: Texts }),
      z.object({ type: z.literal('FileChange'), status: z.string(), changes: Changes }),
    ]),
  }),
]);

const Line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session_meta'), payload: z.object({ cwd: z.string() }) }),
  z.object({ type: z.literal('event_msg'), payload: Payload }),
]);

/** One line of a rollout of Codex. Its events name what a person typed; messages to the model have more in them. */
export function readCodexLine(text: string): ChatPiece[] {
  const line = MAY_MATTER.test(text) ? Line.safeParse(parseJson(text)).data : undefined;
  if (line === undefined) return [];
  return line.type === 'session_meta' ? [{ kind: 'place', cwd: line.payload.cwd }] : ofEvent(line.payload);
}

const MAY_MATTER = /"type":"(?:session_meta|event_msg)"/;

function ofEvent(event: z.infer<typeof Payload>): ChatPiece[] {
  switch (event.type) {
    case 'user_message':
      return written(event.message);
    case 'agent_message':
      return [{ kind: 'agent', text: event.message }];
    case 'patch_apply_begin':
      return [{ kind: 'changed', paths: pathsIn(event.changes), call: event.call_id }];
    case 'patch_apply_end':
      return event.success ? [] : [{ kind: 'failed', call: event.call_id }];
    case 'thread_rolled_back':
      return [{ kind: 'undone', turns: event.num_turns }];
    case 'item_completed':
      return ofItem(event.item);
    default:
      return event satisfies never;
  }
}

type Item = Extract<z.infer<typeof Payload>, { type: 'item_completed' }>['item'];

function ofItem(item: Item): ChatPiece[] {
  if (item.type === 'FileChange')
    return item.status === 'completed' ? [{ kind: 'changed', paths: pathsIn(item.changes) }] : [];
  const text = item.content.flatMap((each) => each.text ?? []).join('\n\n');
  if (item.type === 'UserMessage') return written(text);
  return text.trim() === '' ? [] : [{ kind: 'agent', text, message: item.id }];
}

function written(message: string): ChatPiece[] {
  const text = personsWords(message);
  return text === '' ? [] : [{ kind: 'person', text }];
}

function pathsIn(changes: z.infer<typeof Changes>): string[] {
  return Object.entries(changes).flatMap(([path, { move_path, kind }]) => [
    path,
    ...[move_path ?? kind?.move_path].flatMap((moved) => moved ?? []),
  ]);
}

/** The rollouts of Codex, newest first. @param id only that of one thread */
export function codexChats({ env, home }: ChatPlace, id?: string): ChatFile[] {
  const folder = env.CODEX_HOME || join(home, '.codex');
  const files = ['sessions', 'archived_sessions'].flatMap((name) =>
    filesBelow(join(folder, name), isNotHidden).map((file) => ({
      name: file,
      path: join(folder, name, file),
    })),
  );
  return files
    .map((file) => ({ ...file, thread: ROLLOUT.exec(file.name)?.[1] }))
    .filter(({ thread }) => thread !== undefined && (id === undefined || thread === id))
    .flatMap(({ path, thread = '' }) => chatFile(path, 'Codex', thread, readCodexLine))
    .sort((a, b) => b.changedAt - a.changedAt);
}

const ROLLOUT = /(?:^|\/)rollout-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-([\w-]+)\.jsonl$/;

const isNotHidden = (name: string) => !name.includes('/.');
