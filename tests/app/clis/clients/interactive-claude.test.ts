import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { install } from '../../../../src/extensions/setup/install/install.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { installCli } from '../../../support/install-clis.ts';
import {
  CONVERSATION_MARK,
  type Conversation,
  type ModelReply,
} from '../../../support/model-stub/conversation.ts';
import { PARENT_PROMPT } from '../../../support/model-stub/parent-model.ts';
import { startSession } from '../../../support/start-session.ts';
import { startInteractiveClaude } from './interactive-claude.ts';
import type { Terminal } from './open-terminal.ts';

/** Its own switch: with tasks, a wait is followed without its model (tasks-claude.test.ts). */
const WITHOUT_TASKS = { CLAUDE_CODE_DISABLE_MCP_TASKS: '1' };

interface Chat {
  /** The model's answers in each turn of the conversation. */
  reply: (conversation: Conversation) => ModelReply;
  env?: Record<string, string>;
}

/**
 * An interactive Claude Code with the samocode server, into which the task has been typed, and the turns of its model.
 */
async function prompted({ repo }: Bench, { reply, env = {} }: Chat): Promise<[Terminal, Conversation[]]> {
  const turns: Conversation[] = [];
  const claude = await startInteractiveClaude({
    server: (await builtPrograms()).server,
    homeDir: repo.homeDir,
    cwd: repo.path,
    serverEnv: { SAMOCODE_REHEARSAL_PACE_MS: '0', SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no' },
    env: { ...WITHOUT_TASKS, ...env },
    answer(conversation) {
      if (!CONVERSATION_MARK.test(conversation.prompt)) return { say: 'Noted.' };
      turns.push(conversation);
      return reply(conversation);
    },
  });
  await claude.type(PARENT_PROMPT);
  return [claude, turns];
}

/** Waits once for as long as it takes, and reports that it was woken. */
function reply({ results, newest }: Conversation): ModelReply {
  if (newest.includes('<task-notification>')) return { say: 'Woken.' };
  const input = { session: 'boats', until: 'attention', timeout_s: 1800 };
  if (results.length === 0) return { say: 'Waiting.', use: [{ name: 'mcp:wait', input }] };
  return { say: 'I shall be told.' };
}

test.concurrent('a long wait goes into the background of an interactive Claude Code, and its end resumes the model', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const { homeDir, root } = bench.repo;
  // Its agent works until the wait is in the background, however long that takes on a busy machine.
  const untilSignalled = 'until test -e "$HOME/go-on"; do sleep 0.1; done';
  const acts = [{ act: 'run', command: ['sh', '-c', untilSignalled] }, { act: 'normal' }];
  const scenario = join(root, 'scenario.json');
  await writeFile(scenario, JSON.stringify({ rules: [{ when: { iteration: 1 }, do: acts }] }));
  const starting = { ...bench.context, env: { ...bench.context.env, REHEARSAL_SCENARIO: scenario } };
  await startSession({ task: 'x', name: 'boats' }, starting);
  // A person's two minutes.
  const env = { CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS: '1000' };
  const [claude, turns] = await prompted(bench, { reply, env });
  await using _claude = claude;
  const turn = (has: (conversation: Conversation) => boolean | undefined) =>
    eventually(async () => turns.find(has)).catch((error) => {
      throw new Error(`${error}\n${claude.screen().slice(-3000)}`);
    });
  await turn(({ results }) => results.at(-1)?.text.includes('is still running'));
  await writeFile(join(homeDir, 'go-on'), '');
  const woken = await turn(({ newest }) => newest.includes('<task-notification>'));
  expect(woken.results.at(-1)?.text).toMatch(/^MCP tool "samocode\/wait" is still running after \d+s/);
  expect(woken.newest).toContain('\\"for\\":\\"qa_answers\\"');
  expect(woken.newest).toContain('read_qa; ask the user the questions');
});

/** Starts a session, waits for its questions, and asks the person. */
function askInForm({ results }: Conversation): ModelReply {
  const [start, wait, ask] = [
    { name: 'mcp:start_session', input: { task: 'x', name: 'boats' } },
    { name: 'mcp:wait', input: { session: 'boats', until: 'attention' } },
    { name: 'mcp:answer_qa', input: { session: 'boats' } },
  ];
  const next = [start, wait, ask][results.length];
  return next ? { say: 'Calling.', use: [next] } : { say: 'Answered.' };
}

/** The keys pressed at a form once it is shown: the second choice of each question, then "Accept". */
const SECOND = ['right', 'down', 'enter'] as const;
const ACCEPT = [...SECOND, ...SECOND, ...SECOND, 'enter'] as const;

test.concurrent(
  'a person answers in the form of an interactive Claude Code, and the answer is recorded as theirs',
  ci,
  async ({ expect }) => {
    await using bench = await makeBench();
    const [claude, turns] = await prompted(bench, { reply: askInForm });
    await using _claude = claude;
    await eventually(async () => claude.screen().includes('to expand'));
    await claude.press(...ACCEPT);
    const result = await eventually(async () => turns[3]?.results.at(-1)?.text).catch((error) => {
      throw new Error(`${error}\n${claude.screen().slice(-3000)}`);
    });
    expect(JSON.parse(result)).toMatchObject({
      summary: 'Recorded as given in a form: Q1: A; Q2: A; Q3: A.',
      next: 'wait',
    });
    const [folder = ''] = await sessionFolders(bench.sessionsDir);
    const events = await readEvents((await bench.view(folder)).paths, 0);
    expect(events.find(({ type }) => type === 'answers_recorded')).toMatchObject({
      by: { channel: 'elicitation', client: expect.stringMatching(/^claude-code \d\S*, started by \S+$/) },
    });
  },
);

const OURS = 'mcp__plugin_samocode_samocode__';

/** Passes on its own answers, and finishes the session; on a busy machine the server's tools come late. */
function careless({ results }: Conversation): ModelReply {
  const session = 'boats';
  const next = [
    { name: 'start_session', input: { task: 'x', name: session } },
    { name: 'wait', input: { session, until: 'attention' } },
    { name: 'answer_qa', input: { session, answers: { Q1: 'A', Q2: 'A', Q3: 'A' } } },
    { name: 'finish_session', input: { session, how: 'keep_branch' } },
  ][results.filter(({ text }) => !text.includes('No such tool')).length];
  return next ? { say: 'Calling.', use: [{ ...next, name: OURS + next.name }] } : { say: 'Done.' };
}

test.concurrent('in the auto mode of Claude Code, with each call judged routine, the samocode plugin still asks: in a form, or by a rule', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const { homeDir, path: cwd } = bench.repo;
  const { path } = await installCli('claude');
  const env = { HOME: homeDir, PATH: process.env.PATH ?? '', CLAUDE_PATH: path };
  await install(
    { scope: 'user', dryRun: false, allow: true, clients: ['claude'] },
    { ...bench.context, cwd: homeDir, env },
  );
  const turns: Conversation[] = [];
  await using claude = await startInteractiveClaude({
    ...{ homeDir, cwd },
    serverEnv: { SAMOCODE_REHEARSAL_PACE_MS: '0', SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no' },
    env: { ...WITHOUT_TASKS, CLAUDE_CODE_AUTO_MODE_SERVER: '0' },
    answer(conversation) {
      if (conversation.request.includes('<severity>')) return { say: '<severity>5</severity>' };
      if (!CONVERSATION_MARK.test(conversation.prompt)) return { say: 'Noted.' };
      turns.push(conversation);
      return careless(conversation);
    },
  });
  // Spaces may be drawn by cursor movements.
  const shows = (words: RegExp) =>
    eventually(async () => words.test(claude.screen().replaceAll(' ', ''))).catch((error) => {
      throw new Error(`${error}\n${claude.screen().slice(-3000)}`);
    });
  await shows(/automodeon/);
  await claude.type(PARENT_PROMPT);
  await shows(/requestsyourinput.*toexpand/);
  const [folder = ''] = await sessionFolders(bench.sessionsDir);
  const answered = async () =>
    (await readEvents((await bench.view(folder)).paths, 0)).find(({ type }) => type === 'answers_recorded');
  expect(await answered()).toBeUndefined();
  await claude.press(...ACCEPT);
  expect(await eventually(answered)).toMatchObject({ by: { channel: 'elicitation' } });
  await shows(/finish_sessionfromusersettingsoverridesautomode/);
});
