import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { approveShown } from '../../../support/approve-shown.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { eventually } from '../../../support/eventually.ts';
import {
  CONVERSATION_MARK,
  type Conversation,
  type ModelReply,
  type ToolUse,
} from '../../../support/model-stub/conversation.ts';
import { PARENT_PROMPT, serverResultIn } from '../../../support/model-stub/parent-model.ts';
import { startSession } from '../../../support/start-session.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { startInteractiveClaude } from './interactive-claude.ts';
import type { Terminal } from './open-terminal.ts';
import { SENTENCES } from './typed-sentences.ts';

interface Chat extends AsyncDisposable {
  claude: Terminal;
  /** The message that the end of a task wakes the model with, once it has come. */
  woken(times?: number): Promise<string>;
}

type Call = (results: Conversation['results']) => ToolUse;

const waits: Call = () => ({ name: 'mcp:wait', input: { session: 'boats', until: 'attention' } });

/**
 * An interactive Claude Code whose model makes these calls, one after the other, and sleeps while a task runs. A server that
 * does not answer within 2.7 s, as on a busy machine, is followed by the old protocol, which has no tasks: then once more.
 */
async function chatIn(
  bench: Bench,
  calls = [waits],
  { isContinued = false, scenario = '' } = {},
): Promise<Chat> {
  const verdict = join(bench.repo.homeDir, '.claude/state/mcp-discover-verdicts.json');
  for (let tries = 1; ; tries += 1) {
    await rm(verdict, { force: true });
    const chat = await chatOnce(bench, calls, { isContinued, scenario }, () => {
      return existsSync(verdict) && tries < MOST_TRIES;
    });
    if (!(await chat.isLate())) return chat;
    await chat[Symbol.asyncDispose]();
  }
}

const MOST_TRIES = 8;

async function chatOnce(
  { repo }: Bench,
  calls: readonly Call[],
  { isContinued, scenario }: { isContinued: boolean; scenario: string },
  isLate: () => boolean,
): Promise<Chat & { isLate(): Promise<boolean> }> {
  const woken: string[] = [];
  let wasLate: boolean | undefined;
  const claude = await startInteractiveClaude({
    server: (await builtPrograms()).server,
    homeDir: repo.homeDir,
    cwd: repo.path,
    serverEnv: {
      SAMOCODE_REHEARSAL_PACE_MS: '0',
      SAMOCODE_SUPERVISOR: 'off',
      KEEP_AWAKE: 'no',
      REHEARSAL_SCENARIO: scenario,
    },
    env: {},
    isContinued,
    answer({ prompt, newest, results }): ModelReply {
      if (!CONVERSATION_MARK.test(prompt)) return { say: 'Noted.' };
      // By now it has its tools.
      wasLate ??= isLate();
      if (wasLate) return { say: 'Late.' };
      if (newest.includes('<task-notification>')) woken.push(newest);
      const next = newest.includes('started server-side task') ? undefined : calls[results.length];
      return next ? { say: 'Calling.', use: [next(results)] } : { say: 'Sleeping.' };
    },
  });
  if (!isContinued) await claude.type(PARENT_PROMPT);
  return {
    claude,
    // A chat that is continued asks its model nothing: its task is polled, or not.
    isLate: async () =>
      isContinued
        ? isLate()
        : await eventually(async () => wasLate !== undefined).then(() => wasLate === true),
    async woken(times = 1) {
      const message = async () => woken[times - 1];
      return await eventually(message).catch((error) => {
        throw new Error(`Its model was not woken. ${claude.screen().slice(-3000)}`, { cause: error });
      });
    },
    async [Symbol.asyncDispose]() {
      await claude[Symbol.asyncDispose]();
    },
  };
}

/** Who opened the gates, in order. */
async function gatesOf(bench: Bench) {
  const [folder = ''] = await sessionFolders(bench.sessionsDir);
  const events = await readEvents((await bench.view(folder)).paths, 0);
  return events.flatMap((event) =>
    event.type === 'answers_recorded' || event.type === 'plan_approved' || event.type === 'changes_requested'
      ? [[event.type, event.by.channel]]
      : [],
  );
}

/** A session whose plan waits for its approval, and a call that follows it from there. */
async function planned(bench: Bench): Promise<{ session: string; follows: Call }> {
  const { view } = await startSession({ task: 'x', name: 'boats', acceptSuggestions: true }, bench.context);
  const session = view.folder;
  await eventually(async () => (await bench.view(session)).state.status.kind === 'waiting');
  const { n: cursor } = (await bench.view(session)).state;
  return { session, follows: () => ({ name: 'mcp:wait', input: { session, cursor } }) };
}

/** The path of a scenario whose agents do this once `goOn` was called. */
async function heldScenario({ repo }: Bench, acts: readonly object[]): Promise<string> {
  const untilSignalled = 'until test -e "$HOME/go-on"; do sleep 0.1; done';
  const held = [{ act: 'run', command: ['sh', '-c', untilSignalled] }, ...acts];
  const path = join(repo.root, 'scenario.json');
  await writeFile(path, JSON.stringify({ rules: [{ when: {}, do: held }] }));
  return path;
}

async function goOn({ repo }: Bench): Promise<void> {
  await writeFile(join(repo.homeDir, 'go-on'), '');
}

/** Chosen in a form of one field, and sent. */
const FIRST = ['right', 'enter', 'enter'] as const;
const SECOND = ['right', 'down', 'enter', 'enter'] as const;
const DECLINE = ['down', 'right', 'enter'] as const;
const PLAN = /requestsyourinput.*planwaitsforyou/;

test('a chat of Claude Code starts a session and sleeps: its forms open by themselves, and its end wakes the model', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const session = 'boats';
  // The questions of an agent that was quicker than the model would be the answer of the first wait.
  const scenario = await heldScenario(bench, [{ act: 'normal' }]);
  const calls: Call[] = [
    () => ({ name: 'mcp:start_session', input: { task: 'x', name: session } }),
    waits,
    () => ({ name: 'mcp:read_plan', input: { session } }),
    (results) => ({
      name: 'mcp:approve_plan',
      input: { session, hash: serverResultIn(results.at(-1)?.text ?? '').hash },
    }),
    waits,
  ];
  await using chat = await chatIn(bench, calls, { scenario });
  const { claude } = chat;
  await claude.shows(/1MCPtask/);
  await goOn(bench);
  for (const question of [/Whowillread/, /Whichpart/, /Whatwouldprove/]) {
    await claude.shows(question);
    claude.forget();
    await claude.press(...SECOND);
  }
  await claude.shows(PLAN);
  claude.forget();
  // "Read the whole plan first": it does not fit into the four lines that are shown of a form.
  await claude.press(...FIRST);
  expect(await chat.woken()).toContain('The user wants to see the plan in the chat');
  // The form of the call, which does not open by itself.
  await claude.shows(/requestsyourinput.*Esctocancel/);
  await claude.press(...SECOND);
  expect(await chat.woken(2)).toContain('\\"state\\":\\"done\\"');
  expect(await gatesOf(bench)).toEqual([
    ...Array(3).fill(['answers_recorded', 'elicitation']),
    ['plan_approved', 'elicitation'],
  ]);
});

test('sentences typed into the form of a plan, with two Enters each, decide nothing; declining it wakes the chat', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const { session, follows } = await planned(bench);
  await using chat = await chatIn(bench, [follows]);
  const { claude } = chat;
  await claude.shows(PLAN);
  expect(SENTENCES).toHaveLength(40);
  for (const sentence of SENTENCES) await claude.typeSlowly(`${sentence}\r\r`);
  await claude.press('down', ...DECLINE.slice(1));
  const message = await chat.woken();
  expect(message).toContain('The user declined the form: nothing is decided.');
  expect(message).toContain('start, resume and finish nothing until they say so');
  expect((await bench.view(session)).state.status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
  expect(await gatesOf(bench)).toEqual([['answers_recorded', 'cli']]);
});

test('a plan that is approved elsewhere while its form is open stays approved, and the end wakes the chat', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const { session, follows } = await planned(bench);
  await using chat = await chatIn(bench, [follows]);
  const { claude } = chat;
  await claude.shows(PLAN);
  await approveShown(session, bench.context);
  // "Read the whole plan first" comes too late.
  await claude.press(...FIRST);
  expect(await chat.woken()).toMatch(/Already decided elsewhere.*\\"state\\":\\"done\\"/);
  expect((await gatesOf(bench)).at(-1)).toEqual(['plan_approved', 'cli']);
});

test('where the page runs, Claude Code offers to open it; what is decided there counts, and the end wakes the chat', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const { session, follows } = await planned(bench);
  await using web = await serveWeb({ ...bench.context, by: { channel: 'cli' } });
  await using chat = await chatIn(bench, [follows]);
  await chat.claude.shows(/wantstoopenaURL.*Decideonitspage/);
  expect(chat.claude.screen()).toContain(`:${web.port}/`);
  await approveShown(session, { ...bench.context, by: { channel: 'web' } });
  // "I'm done, continue"
  await chat.claude.press('right', 'enter');
  const message = await chat.woken();
  expect(message).toContain('\\"state\\":\\"done\\"');
  expect(message).not.toContain('not recorded');
  expect((await gatesOf(bench)).at(-1)).toEqual(['plan_approved', 'web']);
});

test('where only a person outside of the chat decides, no form opens; a chat that was left is woken once it continues', async ({
  expect,
}) => {
  await using bench = await makeBench({ lines: { GATE_CHANNELS: 'person' } });
  const { session, follows } = await planned(bench);
  const first = await chatIn(bench, [follows]);
  await first.claude.shows(/1MCPtask/);
  await first[Symbol.asyncDispose]();
  await using chat = await chatIn(bench, [], { isContinued: true });
  await chat.claude.shows(/1MCPtask/);
  expect(chat.claude.screen()).not.toMatch(/requests your input/);
  await stopSession({ session, when: 'now' }, bench.context);
  expect(await chat.woken()).toContain('\\"state\\":\\"stopped\\"');
});

test('two chats follow one session, and a block wakes both, as a task that is completed', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const torn = { status: 'blocked', reason: 'The sail is torn', needs: 'human_decision' };
  const signals = [{ act: 'signal-file', text: JSON.stringify(torn) }, { act: 'result' }];
  const scenario = await heldScenario(bench, signals);
  const starting = { ...bench.context, env: { ...bench.context.env, REHEARSAL_SCENARIO: scenario } };
  await startSession({ task: 'x', name: 'boats' }, starting);
  await using one = await chatIn(bench);
  await using other = await chatIn(bench);
  for (const { claude } of [one, other]) await claude.shows(/1MCPtask/);
  await goOn(bench);
  for (const chat of [one, other]) {
    const message = await chat.woken();
    expect(message).toContain('The sail is torn');
    expect(message).toContain('<status>completed</status>');
  }
});

test('a hook that accepts each form with an approval approves no plan, and the chat is woken', async ({
  expect,
}) => {
  await using bench = await makeBench();
  const { session, follows } = await planned(bench);
  const answer = { hookEventName: 'Elicitation', action: 'accept', content: { decision: 'approve' } };
  const command = `printf %s '${JSON.stringify({ hookSpecificOutput: answer })}'`;
  const settings = { hooks: { Elicitation: [{ hooks: [{ type: 'command', command }] }] } };
  await bench.repo.write({ '../home/.claude/settings.json': JSON.stringify(settings) });
  await using chat = await chatIn(bench, [follows]);
  expect(await chat.woken()).toContain('The form decided nothing.');
  expect((await bench.view(session)).state.status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
  expect(await gatesOf(bench)).toEqual([['answers_recorded', 'cli']]);
});
