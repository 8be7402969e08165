import { writeFile } from 'node:fs/promises';
import { test } from 'vitest';
import { answerQa } from '../../../../src/core/acts/gates/answer-qa.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { newQa } from '../../../../src/core/session/documents/qa-change.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { eventually } from '../../../support/eventually.ts';
import { CONVERSATION_MARK, type ToolUse } from '../../../support/model-stub/conversation.ts';
import { PARENT_PROMPT } from '../../../support/model-stub/parent-model.ts';
import { startSession } from '../../../support/start-session.ts';
import { startInteractiveClaude } from './interactive-claude.ts';
import { startInteractiveCodex } from './interactive-codex.ts';
import type { Terminal } from './open-terminal.ts';
import { KEYS_OF_LISTS, SENTENCES } from './typed-sentences.ts';

const CLIENTS = { 'Claude Code': startInteractiveClaude, Codex: startInteractiveCodex };
type Client = keyof typeof CLIENTS;

interface Chat extends AsyncDisposable {
  screen: Terminal;
  /** The newest result at each turn of the model: in the first ones Codex has no tools yet. */
  results(): readonly string[];
}

/** An interactive chat whose model makes this call, and again whenever it got no decision. */
async function calling(client: Client, { repo }: Bench, use: ToolUse): Promise<Chat> {
  const results: string[] = [];
  const screen = await CLIENTS[client]({
    server: (await builtPrograms()).server,
    homeDir: repo.homeDir,
    cwd: repo.path,
    serverEnv: { SAMOCODE_REHEARSAL_PACE_MS: '0', SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no' },
    // Claude Code's own switch: with tasks, a wait is followed without its model.
    env: { CLAUDE_CODE_DISABLE_MCP_TASKS: '1' },
    answer(conversation) {
      if (!CONVERSATION_MARK.test(conversation.prompt)) return { say: 'Noted.' };
      const newest = conversation.results.at(-1)?.text ?? '';
      results.push(newest);
      const isDone = /is approved|as given in a form/.test(newest);
      return isDone ? { say: 'Done.' } : { say: 'Asking.', use: [use] };
    },
  });
  await screen.type(PARENT_PROMPT);
  return { screen, results: () => results, [Symbol.asyncDispose]: screen[Symbol.asyncDispose] };
}

type Gate = 'a plan' | 'one question' | 'two questions' | 'three questions' | 'a question without options';

const ANSWERED_BEFORE: Readonly<Partial<Record<Gate, readonly string[]>>> = {
  'one question': ['Q1', 'Q2'],
  'a question without options': ['Q2', 'Q3'],
  'two questions': ['Q1'],
};

/** A session that waits at this gate, and the call with which a model asks about it. */
async function waitsAt(gate: Gate, bench: Bench): Promise<{ session: string; use: ToolUse }> {
  const isPlan = gate === 'a plan';
  const { view } = await startSession({ task: 'x', name: 'boats', acceptSuggestions: isPlan }, bench.context);
  const session = view.folder;
  await eventually(async () => {
    const { status } = (await bench.view(session)).state;
    return status.kind === 'waiting' && status.for === (isPlan ? 'plan_approval' : 'qa_answers');
  });
  const ids = ANSWERED_BEFORE[gate] ?? [];
  if (ids.length > 0) {
    const { hash } = await readQa({ session }, bench.context);
    const answers = ids.map((id) => ({ id, text: 'A' }));
    await answerQa({ session, answers, hash }, bench.context);
  }
  if (gate === 'a question without options')
    await writeFile(
      view.paths.qa,
      newQa({ title: 'Boats', questions: [{ text: 'What is it called?', options: [] }] }),
    );
  const name = isPlan ? 'mcp:approve_plan' : 'mcp:answer_qa';
  const answers = gate === 'a question without options' ? {} : { Q1: 'B', Q2: 'B', Q3: 'B' };
  return { session, use: { name, input: isPlan ? { session } : { session, answers } } };
}

/** What was decided by a form or by the model of the chat. */
async function decided(session: string, bench: Bench) {
  const events = await readEvents((await bench.view(session)).paths, 0);
  return events.flatMap((event) =>
    (event.type === 'answers_recorded' ||
      event.type === 'plan_approved' ||
      event.type === 'changes_requested') &&
    event.by.channel !== 'cli'
      ? [[event.type, event.by.channel]]
      : [],
  );
}

/** What only an open form shows. */
const OPEN = { 'Claude Code': /requestsyourinput.*Esctocancel/, Codex: /entertosubmit/ };
const GATES: readonly Gate[] = [
  'a plan',
  'one question',
  'two questions',
  'three questions',
  'a question without options',
];

for (const client of ['Claude Code', 'Codex'] as const)
  for (const gate of GATES)
    test(`in ${client}, nothing that is typed into the form of a call about ${gate} decides, with two Enters each`, async ({
      expect,
    }) => {
      await using bench = await makeBench();
      const { session, use } = await waitsAt(gate, bench);
      await using chat = await calling(client, bench, use);
      await chat.screen.shows(OPEN[client]);
      expect(SENTENCES).toHaveLength(40);
      for (const typed of [...SENTENCES, ...KEYS_OF_LISTS]) await chat.screen.typeSlowly(`${typed}\r\r`);
      expect(await decided(session, bench)).toEqual([]);
      expect((await bench.view(session)).state.status.kind).toBe('waiting');
      const shown = chat.results().filter((text) => /Nothing is recorded|did not answer/.test(text));
      // Claude Code keeps its form open, and Codex closes it at the first Enter.
      if (client === 'Codex') expect(shown.length).toBeGreaterThan(3);
      else expect(shown).toEqual([]);
    });

/** The second choice: to approve, what the user said, or to write. */
const SECOND = { 'Claude Code': ['right', 'down', 'enter'], Codex: ['down', 'enter'] } as const;

const DELIBERATE: ReadonlyArray<[Client, Gate, string]> = [
  ['Claude Code', 'a plan', 'is approved'],
  ['Claude Code', 'three questions', 'as given in a form: Q1: B; Q2: B; Q3: B'],
  ['Claude Code', 'a question without options', 'as given in a form: Q1: Ada'],
  ['Codex', 'a plan', 'is approved'],
  ['Codex', 'three questions', 'as given in a form: Q1: B; Q2: B; Q3: B'],
  ['Codex', 'a question without options', 'as given in a form: Q1: Ada'],
];

for (const [client, gate, recorded] of DELIBERATE)
  test(`in ${client}, a person decides about ${gate} by arrows and Enter`, async ({ expect }) => {
    await using bench = await makeBench();
    const { session, use } = await waitsAt(gate, bench);
    await using chat = await calling(client, bench, use);
    const { screen } = chat;
    await screen.shows(OPEN[client]);
    const fields = gate === 'three questions' ? 3 : 1;
    for (let field = 0; field < fields; field += 1) await screen.press(...SECOND[client]);
    if (client === 'Claude Code') await screen.press('enter');
    if (gate === 'a question without options') {
      await screen.shows(/Youranswer/);
      await screen.typeSlowly('Ada');
      await screen.press('enter');
      if (client === 'Claude Code') await screen.press('enter');
    }
    if (client === 'Codex') {
      await screen.shows(/Tosendthis,type\d{4}/);
      const [digits = ''] = screen.screen().match(/(?<=Type )\d{4}/) ?? [];
      await screen.typeSlowly(digits);
      await screen.press('enter');
    }
    const has = async () => chat.results().find((text) => text.includes(recorded));
    const told = await eventually(has).catch((error) => {
      throw new Error(`${chat.results().at(-1)}\n${screen.screen().slice(-3000)}`, { cause: error });
    });
    expect(told).toContain(recorded);
    expect((await decided(session, bench)).map(([, channel]) => channel)).toEqual(['elicitation']);
  });
