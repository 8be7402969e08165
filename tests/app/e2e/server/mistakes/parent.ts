import { type Bench, makeBench } from '../../../../support/bench.ts';
import { eventually } from '../../../../support/eventually.ts';
import { askTool, type ToolAnswer } from '../../../unit/server/ask-tool.ts';

/** A sensible parent's arguments for each tool; the tests fail for a tool without a line here. */
export const CALLS: Readonly<Record<string, (session: string) => Record<string, unknown>>> = {
  setup_project: () => ({}),
  start_session: () => ({ task: 'Name the boats', name: 'boats' }),
  list_sessions: () => ({}),
  get_status: (session) => ({ session }),
  // There are events since the start: it returns at once.
  wait: (session) => ({ session, cursor: 0, timeout_s: 0 }),
  read_qa: (session) => ({ session }),
  answer_qa: (session) => ({ session, answers: { Q1: 'A' } }),
  read_plan: (session) => ({ session }),
  approve_plan: (session) => ({ session, hash: 'deadbeefdeadbeef' }),
  request_changes: (session) => ({ session, feedback: 'Smaller phases, please.' }),
  send_message: (session) => ({ session, text: 'Keep the old names too.' }),
  stop_session: (session) => ({ session, when: 'now' }),
  resume_session: (session) => ({ session }),
  read_session: (session) => ({ session }),
  rewind_session: (session) => ({ session }),
  finish_session: (session) => ({ session }),
};

export interface Parent extends AsyncDisposable {
  bench: Bench;
  ask(tool: string, args: Record<string, unknown>): Promise<ToolAnswer>;
  /** The state of a session, in a word or two. */
  stateOf(session: string): Promise<string>;
  /** Waits until a session is in that state. */
  until(session: string, state: string): Promise<void>;
}

/** Longer than any call may take that does not wait for a session. */
const BOUND_MS = 30_000;

/** A parent with a project whose agents are quick rehearsals. */
export async function newParent(plan: Parameters<typeof makeBench>[0] = {}): Promise<Parent> {
  const bench = await makeBench(plan);
  const actions = { ...bench.context, by: { channel: 'tool', client: 'test-client' } as const };
  async function ask(tool: string, args: Record<string, unknown>): Promise<ToolAnswer> {
    const late = Symbol('late');
    const bound = new Promise<typeof late>((resolve) => {
      setTimeout(resolve, BOUND_MS, late).unref();
    });
    const result = await Promise.race([askTool(tool, args, actions), bound]);
    if (result === late) throw new Error(`${tool} hangs: ${JSON.stringify(args).slice(0, 200)}`);
    return result;
  }
  async function stateOf(session: string): Promise<string> {
    const { status } = (await bench.view(session)).state;
    return status.kind === 'waiting' ? `waiting ${status.for}` : status.kind;
  }
  return {
    bench,
    ask,
    stateOf,
    until: async (session, state) => {
      await eventually(async () => {
        await ask('get_status', { session });
        return (await stateOf(session)) === state;
      });
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

/** What is wrong with an answer to any call; undefined if it is valid. */
export function faultOf({ isError, json }: ToolAnswer): string | undefined {
  const text = JSON.stringify(json);
  if (text.length > 40_000) return `${text.length} characters`;
  if (!isError) return typeof json.summary === 'string' ? undefined : `no summary: ${text.slice(0, 200)}`;
  const { code, message, hint, ...more } = json;
  if (Object.keys(more).length > 0) return `more than an error: ${text.slice(0, 200)}`;
  if (code === 'internal') return 'internal';
  const words = [code, message, hint];
  if (words.some((word) => typeof word !== 'string' || word.trim() === '')) return `says too little: ${text}`;
  return text.length > 3000 ? `an error of ${text.length} characters` : undefined;
}
