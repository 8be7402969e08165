import { expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { listedTool } from '../../../../../src/core/faces/mcp/tool-schemas.ts';
import { answerRead } from '../../../../support/as-parent.ts';
import { ci } from '../../../../support/ci.ts';
import { CALLS, faultOf, newParent, type Parent } from './parent.ts';

const about = TOOLS.filter((tool) => 'session' in (listedTool(tool).inputSchema.properties ?? {})).map(
  ({ name }) => name,
);

/** The answer of every tool, in the order of the tools: `ok`, or the code of its error. */
async function all(parent: Parent, session: string, tools: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const name of tools) {
    const result = await parent.ask(name, CALLS[name]?.(session) ?? {});
    answers.push(`${name}: ${faultOf(result) ?? (result.isError ? result.json.code : 'ok')}`);
  }
  return answers;
}

test('if there is no project, every tool says so', ci, async () => {
  await using parent = await newParent({ bare: true });
  const tools = TOOLS.map(({ name }) => name).filter((name) => name !== 'setup_project');
  expect(await all(parent, 'boats', tools)).toEqual(tools.map((name) => `${name}: project_not_found`));
});

const NO_NAMES = ['goats', '../boats', '..', '.run', 'boats/../boats', 'a\u0000b', 'x'.repeat(1_000_000)];

test('no tool finds a session by an unknown name', async () => {
  await using parent = await newParent();
  await parent.ask('start_session', { task: 'x', name: 'boats', start: false });
  const expected = about.map((tool) => `${tool}: session_not_found`);
  for (const name of NO_NAMES) expect(await all(parent, name, about)).toEqual(expected);
});

/** The refusals in each state; every other tool answers without an error. */
const MISTAKES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  stopped: {
    answer_qa: 'unknown_question',
    read_plan: 'no_plan',
    approve_plan: 'not_waiting',
    request_changes: 'not_waiting',
  },
  'waiting qa_answers': {
    read_plan: 'no_plan',
    approve_plan: 'not_waiting',
    request_changes: 'not_waiting',
    resume_session: 'gate_closed',
  },
  'waiting plan_approval': {
    answer_qa: 'already_answered',
    approve_plan: 'plan_changed',
    resume_session: 'gate_closed',
  },
  done: {
    answer_qa: 'already_answered',
    approve_plan: 'not_waiting',
    request_changes: 'not_waiting',
    resume_session: 'goal_missing',
    send_message: 'done',
  },
};

/** Calls that continue or end a state; the test makes them when it is finished with the state. */
const MOVES: Readonly<Record<string, readonly string[]>> = {
  stopped: ['resume_session'],
  'waiting qa_answers': ['answer_qa', 'stop_session'],
  'waiting plan_approval': ['request_changes', 'stop_session'],
  done: [],
};

/** Calls all tools that do not change a session's state, and asserts that it is unchanged. */
async function tryAll(parent: Parent, session: string): Promise<void> {
  const state = await parent.stateOf(session);
  const tools = about.filter((name) => !MOVES[state]?.includes(name));
  const expected = tools.map((name) => `${name}: ${MISTAKES[state]?.[name] ?? 'ok'}`);
  expect([state, ...(await all(parent, session, tools))]).toEqual([state, ...expected]);
  expect(await parent.stateOf(session)).toBe(state);
}

test('in every state, a call that is too early or too late is refused with its code and changes nothing, and a call for one session does not affect another', async () => {
  await using parent = await newParent();
  const [session = '', other = ''] = await Promise.all(
    ['boats', 'ships'].map(async (name) => {
      const { json } = await parent.ask('start_session', { task: 'x', name, start: false });
      return String(json.session);
    }),
  );
  await tryAll(parent, session);
  for (const each of [session, other]) await parent.ask('resume_session', { session: each });
  for (const each of [session, other]) await parent.until(each, 'waiting qa_answers');
  await tryAll(parent, session);
  await answerRead((...asked) => parent.ask(...asked), { session, accept_suggestions: true });
  await parent.until(session, 'waiting plan_approval');
  await tryAll(parent, session);
  const { json: plan } = await parent.ask('read_plan', { session });
  const wrong = await parent.ask('approve_plan', { session: other, hash: plan.hash });
  expect(wrong.json.code, 'the plan of another session').toBe('not_waiting');
  const right = await parent.ask('approve_plan', { session, hash: plan.hash });
  expect(right.isError).toBe(false);
  expect(await parent.stateOf(other), 'another session').toBe('waiting qa_answers');
  await parent.until(session, 'done');
  await tryAll(parent, session);
});
