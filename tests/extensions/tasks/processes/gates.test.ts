// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { newQa } from '../../../../src/core/session/documents/qa-change.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { makeServerRig, type ServerRig } from '../../../app/unit/server/server-rig.ts';
import { ASKING, BLOCKED, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import { cursorFor } from '../../../support/cursor-for.ts';
import { openedFiles } from '../../../support/opened-files.ts';
import { rawModern } from '../../../support/raw-modern.ts';
import { HANGS, startRig } from '../../../support/session-rig.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { type TaskedChat, taskedChat } from '../tasked.ts';

const SESSION = '26-01-05-boats';
const NAME = '01-05-1100-plan-boats.md';
const QUESTION = { text: 'Which\u202e name?', options: ['Ada', 'Grace'] };

/** A session that waits at this gate, its documents, and the task of a chat that follows it. */
async function waitsAt(
  rig: ServerRig,
  gate: Partial<NewEvent>,
  documents: Readonly<Record<string, string>>,
): Promise<[TaskedChat, string]> {
  const parked = { type: 'parked', resumePhase: 'planning', openQuestions: [], unconfirmed: [], ...gate };
  const { sessionDir } = await rig.addSession(SESSION, [CREATED, PREPARED, parked as NewEvent]);
  for (const [name, text] of Object.entries(documents)) await writeFile(join(sessionDir, name), text);
  const chat = await taskedChat(rig.context);
  return [chat, await chat.follow({ session: SESSION, cursor: 3 })];
}

const WEAKENED: Partial<NewEvent> = {
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'quality', openQuestions: ['Q1'] },
  asks: [{ kind: 'weakened', question: 'Q1', keys: ['one'] }],
};
const CHANGED = newQa({ title: 'Boats', questions: [{ text: 'Is that meant?', options: ['no', 'yes'] }] });

test('weakened checks cannot be accepted in a form that opens by itself, which says where they can be', async () => {
  await using rig = await makeServerRig();
  const [chat, id] = await waitsAt(rig, WEAKENED, { '_qa.md': CHANGED });
  await using _chat = chat;
  const { key, form } = await chat.form(id);
  expect(form.message).toMatch(/^To accept it: samocode answer boats, in a terminal\. [^\n]*$/);
  expect(form.requestedSchema.properties.Q1?.enum).not.toContain('B');
  // A forged choice is none of the form.
  await chat.answer(id, key, { Q1: 'B' });
  expect(await chat.get(id)).toMatchObject({
    status: 'completed',
    result: { structuredContent: { for: 'qa_answers', summary: expect.stringContaining('decided nothing') } },
  });
});

const PLAN = '# Plan: Boats\n\n## Phase 1: Paint\n- [ ] Paint them\n';
const plannedAs = (text: string): Partial<NewEvent> => ({
  ...{ type: 'parked', for: 'plan_approval', resumePhase: 'planning' },
  plan: { name: NAME, hash: planHash(text) },
});

test('a plan that starts a program of its own is not approved in a form, which says where it is', async () => {
  const text = `${PLAN}\n## MCP servers\n\n- tickets: \`tickets-mcp --stdio\`\n`;
  await using rig = await makeServerRig();
  const [chat, id] = await waitsAt(rig, plannedAs(text), { [NAME]: text });
  await using _chat = chat;
  const { form } = await chat.form(id);
  expect(form.requestedSchema.properties.decision?.enum).toEqual(['read', 'changes', 'later']);
  expect(form.message).toContain('tickets');
  expect(form.message).toMatch(
    /^boats: its plan waits for you\. No form approves it: run samocode plan boats · This plan also starts MCP servers/,
  );
});

test.for([
  ['weakened checks', WEAKENED, { '_qa.md': CHANGED }],
  ['a plan that does not fit', plannedAs(PLAN), { [NAME]: PLAN }],
] as const)(
  'where the page is up, it is opened for %s, and has the decision',
  async ([, gate, documents]) => {
    await using rig = await makeServerRig();
    const [chat, id] = await waitsAt(rig, gate, documents);
    await using _chat = chat;
    await using web = await serveWeb({ ...rig.context, by: { channel: 'cli' } });
    const { key, form } = await chat.form(id);
    expect(form).toMatchObject({ mode: 'url', url: expect.stringContaining(`:${web.port}/`) });
    expect(form.url).not.toMatch(/code|key|token/);
    // Whoever says that they are done without a decision wakes the chat; nothing is approved.
    await chat.leave(id, key, 'accept');
    expect(await chat.get(id)).toMatchObject({
      status: 'completed',
      result: { structuredContent: { summary: expect.stringContaining('has not decided yet') } },
    });
    expect((await rig.text(`samocode://sessions/${SESSION}/overview`)).length).toBeGreaterThan(0);
  },
);

test('of a group, one form is open at a time, and an end that is news comes before it', async () => {
  await using rig = await makeServerRig();
  await using chat = await taskedChat(rig.context);
  const group = 'fleet';
  for (const name of ['26-01-05-boat', '26-01-06-raft']) {
    const { sessionDir } = await rig.addSession(name, [CREATED, PREPARED, ASKING], { group });
    await writeFile(join(sessionDir, '_qa.md'), newQa({ title: name, questions: [QUESTION] }));
  }
  const cursor = cursorFor({ '26-01-05-boat': 3, '26-01-06-raft': 3 });
  expect(await chat.call('wait', { group: 'fleet' })).toMatchObject({ resultType: 'complete' });
  const id = await chat.follow({ group: 'fleet', cursor });
  const { inputRequests = {}, statusMessage } = await chat.get(id);
  expect(JSON.stringify(inputRequests)).toContain(String.raw`Which\\u202e name?`);
  expect(Object.keys(inputRequests)).toHaveLength(1);
  expect(statusMessage).toBe('0 of 2 done; raft: waits for answers; boat: waits for answers');
  await rig.addSession('26-01-07-ship', [CREATED, PREPARED, BLOCKED], { group });
  const over = await chat.until(id, 'completed');
  expect(over.result).toMatchObject({
    structuredContent: {
      session: '26-01-07-ship',
      state: 'blocked',
      cursor: expect.any(String),
    },
  });
  expect(over.result?.isError).toBeUndefined();
});

test.for([
  ['blocked', [CREATED, PREPARED, BLOCKED]],
  ['done', [CREATED, PREPARED, DONE]],
] as const)('a session that was %s when the chat last looked is not followed', async ([state, events]) => {
  await using rig = await makeServerRig();
  await rig.addSession(SESSION, [...events]);
  await using chat = await taskedChat(rig.context);
  expect(await chat.call('wait', { session: SESSION, cursor: 3, timeout_s: 0.05 })).toMatchObject({
    resultType: 'complete',
    structuredContent: { state, changed: false },
  });
});

test('ids that were not given out here are refused, whatever they look like', async () => {
  await using rig = await makeServerRig();
  await using other = await makeServerRig();
  const gate: Partial<NewEvent> = { type: 'parked', for: 'qa_answers', openQuestions: ['Q1'] };
  const qa = { '_qa.md': newQa({ title: 'Boats', questions: [QUESTION] }) };
  const [chat, id] = await waitsAt(rig, gate, qa);
  await using _chat = chat;
  const [elsewhere, foreign] = await waitsAt(other, gate, qa);
  await using _elsewhere = elsewhere;
  const { key } = await chat.form(id);
  for (const taskId of [
    foreign,
    SESSION,
    '',
    `${id}x`,
    id.slice(0, -1),
    id.replace('boats', 'goats'),
    '../../etc',
  ])
    for (const [method, more] of [
      ['tasks/get', {}],
      ['tasks/cancel', {}],
      ['tasks/update', { inputResponses: { [key]: { action: 'accept', content: { Q1: 'A' } } } }],
    ] as const)
      expect(await chat.request(method, { taskId, ...more })).toMatchObject({
        error: { code: -32_602, message: expect.stringContaining('no such task') },
      });
  expect(await chat.request('tasks/get', {})).toMatchObject({ error: { code: -32_602 } });
  for (const responses of [
    null,
    [],
    'x',
    { other: { action: 'accept' } },
    { [key]: null },
    { [key]: { action: 'approve' } },
  ])
    await chat.request('tasks/update', { taskId: id, inputResponses: responses });
  expect(await chat.form(id)).toMatchObject({ key });
});

test.for([['only reads', { isReadOnly: true }]] as const)(
  'a server that %s has no tasks',
  async ([, how]) => {
    await using rig = await makeServerRig();
    await rig.addSession(SESSION, [CREATED, PREPARED, ASKING]);
    await using server = await rawModern({ version: '1', loadActions: async () => rig.context, ...how });
    const { capabilities } = await server.request('server/discover');
    expect(capabilities).not.toHaveProperty('extensions');
    const call = {
      name: 'wait',
      arguments: { session: SESSION, cursor: 3, timeout_s: 0.05, project_dir: rig.repo.path },
    };
    expect(await server.request('tools/call', call)).toMatchObject({
      resultType: 'complete',
      structuredContent: { changed: false },
    });
    expect(await server.request('tasks/get', { taskId: 'x' })).toMatchObject({ error: { code: -32_601 } });
  },
);

test('ten thousand polls of a working session open no file of it', async () => {
  await using rig = await startRig({ at: 'resting', scenario: HANGS });
  await using chat = await taskedChat(rig.context());
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const id = await chat.follow({ session: rig.file.folder });
  await chat.get(id);
  await chat.get(id);
  using opened = openedFiles();
  for (let poll = 0; poll < 10_000; poll += 1) {
    const { status } = await chat.get(id);
    if (status !== 'working') throw new Error(`It is ${status}.`);
  }
  expect(opened.paths.filter((path) => path.startsWith(rig.repo.root))).toEqual([]);
});
