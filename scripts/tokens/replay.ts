import { TOOLS } from '../../src/app/server/tools.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { callTool } from '../../src/core/faces/mcp/define-tool.ts';
import { waitLimitMs } from '../../src/core/faces/mcp/wait-limits.ts';
import { makeProject } from '../../tests/support/project.ts';
import type { ClientView } from './client-views.ts';
import { PERSON_MINUTES, RECORDED_TASK } from './recorded-session.ts';
import { RecordedWorker } from './recorded-worker.ts';
import { ReplayClock } from './replay-clock.ts';

/** One call of the recorded session. */
export interface Turn {
  tool: string;
  args: Record<string, unknown>;
  /** The result's own text. */
  json: string;
  tookMs: number;
}

/** The fields of our tools' results that the parent reads. */
interface ParentResult {
  session: string;
  cursor: number;
  state: string;
  for?: string;
  changed?: boolean;
  hash?: string;
  more_from?: number;
  questions?: readonly { id: string; suggestion?: string }[];
}

const START_MS = Date.UTC(2025, 10, 20, 9);

/** What a replay uses: the project of the recorded session, and the clock on which it happens. */
export interface Replayed {
  context: ActionContext;
  clock: ReplayClock;
}

/** Replays the recorded session beside a parent that follows it. */
export async function replayed<Result>(
  follow: (rig: Replayed) => Promise<Result>,
  by: ActionContext['by'] = { channel: 'tool' },
): Promise<Result> {
  const clock = new ReplayClock(START_MS);
  // A launched worker exits at once; the recorded worker takes its place.
  const programs = { worker: '/dev/null', rehearsal: '/dev/null' };
  const { repo, context, sessionsDir } = await makeProject({
    folder: 'shop',
    acting: { clock, by, programs },
  });
  await using _repo = repo;
  const worker = new RecordedWorker(sessionsDir, context);
  clock.schedule = worker;
  try {
    return await follow({ context, clock });
  } finally {
    await worker.close();
  }
}

/** Follows the recorded session through the real tools as the parent of one client does. */
export async function replay(view: ClientView): Promise<Turn[]> {
  const turns: Turn[] = [];
  const parent = async ({ context, clock }: Replayed) => {
    const call: Call = async (name, args) => {
      const begun = clock.monotonic();
      const mayWaitMs = name === 'wait' ? waitLimitMs(view.clientName, view.waitArguments.timeout_s) : 0;
      clock.callEndsAt = begun + mayWaitMs;
      const json = await callByName(name, args, { view, context });
      const tookMs = clock.monotonic() - begun;
      turns.push({ tool: name, args, json, tookMs });
      return JSON.parse(json);
    };
    await follow(call, { view, clock });
  };
  await replayed(parent, { channel: 'tool', client: view.clientName });
  return turns;
}

async function callByName(
  name: string,
  args: Record<string, unknown>,
  { view, context }: { view: ClientView; context: ActionContext },
): Promise<string> {
  const tool = TOOLS.find((each) => each.name === name);
  if (!tool) throw new Error(`There is no tool ${name}.`);
  const { signal } = new AbortController();
  const { clientName } = view;
  const called = await callTool(tool, args, { actions: context, clientName, signal, progress: () => {} });
  const [first] = called.content;
  const text = first?.type === 'text' ? first.text : '';
  if (called.isError) throw new Error(`${name}: ${text}`);
  return text;
}

type Call = (name: string, args: Record<string, unknown>) => Promise<ParentResult>;

/** Does what every result says under `next`, and nothing else. */
async function follow(call: Call, { view, clock }: { view: ClientView; clock: ReplayClock }): Promise<void> {
  const person = () => clock.pass(PERSON_MINUTES * 60_000);
  let { session, cursor, ...last } = await call('start_session', { task: RECORDED_TASK, name: 'jwt-auth' });
  while (last.state !== 'done') {
    ({ cursor, ...last } = await call('wait', { session, cursor, ...view.waitArguments }));
    if (view.readsStatus) await call('get_status', { session });
    if (last.for === 'qa_answers') {
      const { questions = [], hash } = await call('read_qa', { session });
      await person();
      const answers = Object.fromEntries(questions.map(({ id }) => [id, 'B']));
      ({ cursor, ...last } = await call('answer_qa', { session, hash, answers }));
    } else if (last.for === 'plan_approval') {
      let plan = await call('read_plan', { session });
      while (plan.more_from !== undefined)
        plan = await call('read_plan', { session, offset: plan.more_from });
      await person();
      ({ cursor, ...last } = await call('approve_plan', { session, hash: plan.hash }));
    }
    if (clock.monotonic() > 5 * 3_600_000) throw new Error('The recorded session did not end.');
  }
}
