import { parseJson } from '../../../src/core/kernel/parse-json.ts';
import { CONVERSATION_MARK, type Conversation, type ModelReply } from './conversation.ts';
import type { Script, ToolCall, ToolResult } from './moves.ts';
import { nextMove } from './scripted-model.ts';
import { type ModelOf, type ModelService, startService } from './services.ts';

/** The start of a person's message to a parent, which marks its conversation. */
export const PARENT_PROMPT = '**Parent chat:** do it with samocode.';

export interface ParentModel extends ModelService {
  /** The requests of the parent's main conversation, in order, without side requests. */
  turns: readonly Conversation[];
}

/** A scripted model behind a chat client of samocode: it calls the server's tools as `script` says. */
export async function startParentModel(of: ModelOf, script: () => Script): Promise<ParentModel> {
  const turns: Conversation[] = [];
  const service = await startService(of, (conversation): ModelReply => {
    if (!CONVERSATION_MARK.test(conversation.prompt)) return { say: 'Noted.' };
    turns.push(conversation);
    return nextMove(script(), conversation.results);
  });
  return { ...service, turns };
}

/** A result of the samocode server, wherever the client puts it, and whatever it adds, which may have braces too. */
export function serverResultIn(text: string): ServerResult {
  const begin = text.indexOf('{');
  const ends = [...text.matchAll(/\}/g)].map(({ index }) => index + 1).filter((end) => end > begin);
  const first = ends.map((end) => parseJson(text.slice(begin, end))).find((value) => value !== undefined);
  if (first === undefined) throw new Error(`No JSON in: ${text.slice(0, 2000)}`);
  // As the server's schemas say.
  return first as ServerResult;
}

export interface ServerResult {
  summary: string;
  next?: string;
  session?: string;
  cursor?: string;
  state?: string;
  for?: string;
  changed?: boolean;
  hash?: string;
  questions?: readonly { id: string; text: string; options: readonly string[]; suggestion?: string }[];
  [field: string]: unknown;
}

function* call(tool: string, input: Record<string, unknown>): Generator<ToolCall, ServerResult, ToolResult> {
  const { text } = yield { say: `Calling ${tool}.`, name: `mcp:${tool}`, input };
  return serverResultIn(text);
}

/** The first chat: sets up the project, starts a session and leaves. */
export function startsAndLeaves(task: string): () => Script {
  return function* () {
    yield* call('setup_project', { provider: 'rehearsal' });
    yield* call('start_session', { task, name: 'boats' });
  };
}

/** The next chat: finds the session and follows it until it is done, or to its approved plan, where it stops it. */
export function followsTo(end: 'done' | 'stopped'): () => Script {
  return function* () {
    const session = 'boats';
    yield* call('list_sessions', {});
    yield* until('qa_answers', '0');
    const { questions = [], hash: asked } = yield* call('read_qa', { session });
    // No person is at a headless client: its form is not answered, and the result says so.
    yield { say: 'Asking.', name: 'mcp:answer_qa', input: { session } };
    const answers = Object.fromEntries(questions.map(({ id }) => [id, 'A']));
    const answered = yield* call('answer_qa', { session, hash: asked, answers });
    yield* until('plan_approval', answered.cursor);
    const { hash } = yield* call('read_plan', { session });
    const approved = yield* call('approve_plan', { session, hash });
    if (end === 'stopped') yield* call('stop_session', { session, when: 'now' });
    yield* until(end, approved.cursor);
    yield* call('read_session', { session });
  };
}

function* until(rests: string, from: string | undefined): Script {
  for (let cursor = from; ; ) {
    const result: ServerResult = yield* call('wait', { session: 'boats', cursor });
    if (result.for === rests || result.state === rests) return;
    cursor = result.cursor;
  }
}
