// @module-tag ci
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { IN_TERMINAL } from '../../../support/raw-modern.ts';
import { startRig } from '../../../support/session-rig.ts';
import { taskedChat } from '../tasked.ts';

test('from the start to done, a chat gets one task, a form at each gate, and the result of the wait', async () => {
  await using rig = await startRig({ at: 'resting', lines: { CHECK: 'true' } });
  await using chat = await taskedChat(rig.context());
  const session = rig.file.folder;
  await rig.resume();
  const began = await chat.call('wait', { session });
  expect(began).toMatchObject({
    resultType: 'task',
    taskId: expect.stringMatching(/^[\x21-\x7e]{1,1024}$/),
    status: 'working',
    statusMessage: expect.stringMatching(/^[a-z]+( · iteration \d+ · 0 min)?/),
    ttlMs: null,
    pollIntervalMs: 2000,
  });
  const id = began.taskId ?? '';
  for (const question of ['Q1', 'Q2', 'Q3']) {
    const { key, form } = await chat.form(id);
    expect(form).toMatchObject({ mode: 'form', requestedSchema: { required: [question] } });
    expect(form.message).toContain(`asks ${question}`);
    expect(await chat.answer(id, key, { [question]: 'A' })).toMatchObject({ resultType: 'complete' });
  }
  const plan = await chat.form(id);
  expect(plan.form.requestedSchema.properties.decision?.enum).toEqual(['read', 'changes', 'later']);
  await rig.approve();
  const over = await chat.until(id, 'completed');
  expect(over.result).toMatchObject({
    structuredContent: { summary: expect.stringContaining(session), state: 'done' },
  });
  expect(over.result?.isError).toBeUndefined();
  expect(JSON.parse(over.result?.content[0]?.text ?? '')).toEqual(over.result?.structuredContent);
  expect(over.result?.structuredContent.next).toMatch(/^tell the user; start, resume and finish nothing/);
  expect(over.statusMessage?.length).toBeLessThan(100);
  // A second chat of another server, without a task, sees the same.
  const waited = await chat.call('wait', { session, cursor: 1 }, {});
  expect(waited).toMatchObject({ resultType: 'complete', structuredContent: { state: 'done' } });
  const events = await rig.events();
  expect(events.find((event) => event.type === 'answers_recorded')).toMatchObject({
    by: { channel: 'elicitation', client: expect.stringContaining('claude-code 2.1.332') },
  });
});

test('in a client whose forms may take what is typed no form opens by itself: its chat is woken at the gate', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using chat = await taskedChat(rig.context(), 'a-client');
  await using other = await taskedChat(rig.context());
  const wait = { session: rig.file.folder, cursor: (await rig.state()).n };
  const id = await other.follow(wait);
  const { key } = await other.form(id);
  const over = await chat.get(id);
  expect(over).toMatchObject({
    status: 'completed',
    result: { structuredContent: { for: 'qa_answers' } },
  });
  await chat.answer(id, key, { Q1: 'A' });
  expect((await rig.events()).some(({ type }) => type === 'answers_recorded')).toBe(false);
});

test('a request that does not declare tasks gets the wait as it was, on the same connection', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using chat = await taskedChat(rig.context());
  const session = rig.file.folder;
  const { n: cursor } = await rig.state();
  for (const capabilities of [
    {},
    { elicitation: { form: {} } },
    { extensions: { 'io.modelcontextprotocol/ui': {} } },
  ]) {
    const answer = await chat.call('wait', { session, cursor, timeout_s: 0.05 }, capabilities);
    expect(answer).toMatchObject({ resultType: 'complete', structuredContent: { changed: false } });
  }
  const id = await chat.follow({ session, cursor });
  const refused = await chat.request('tasks/get', { taskId: id }, { elicitation: {} });
  expect(refused.error).toMatchObject({
    code: -32_021,
    message: expect.stringContaining('io.modelcontextprotocol/tasks'),
  });
});

test('what is due is answered at once, and what is known becomes a task with its form', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using chat = await taskedChat(rig.context());
  const session = rig.file.folder;
  const due = await chat.call('wait', { session });
  expect(due).toMatchObject({ structuredContent: { for: 'qa_answers', changed: true } });
  const { cursor } = due.structuredContent as { cursor: string };
  expect(await chat.call('wait', { session, cursor, timeout_s: 0 })).toMatchObject({
    structuredContent: { changed: false },
  });
  const id = await chat.follow({ session, cursor });
  expect(await chat.get(id)).toMatchObject({ status: 'input_required', statusMessage: 'waits for answers' });
});

test('each question opens a form under its own key, without a default; words of one’s own open a field', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  const first = await chat.form(id);
  const { properties } = first.form.requestedSchema;
  expect(Object.keys(properties)).toEqual(['Q1']);
  expect(properties.Q1?.default).toBeUndefined();
  for (const title of properties.Q1?.enumNames ?? []) expect(title).toMatch(/^◦ /);
  await chat.answer(id, first.key, { Q1: 'write' });
  const words = await chat.form(id);
  expect(words.key).not.toBe(first.key);
  expect(words.form.requestedSchema).toMatchObject({
    required: ['Q1'],
    properties: { Q1: { type: 'string' } },
  });
  expect(words.form.requestedSchema.properties.Q1?.enum).toBeUndefined();
  await chat.answer(id, words.key, { Q1: 'My own words' });
  const second = await chat.form(id);
  expect(Object.keys(second.form.requestedSchema.properties)).toEqual(['Q2']);
  await chat.answer(id, second.key, { Q2: 'own words' });
  const left = await chat.until(id, 'completed');
  expect(left.result?.structuredContent).toMatchObject({
    summary: expect.stringMatching(/^The user wants to see the questions and answer in the chat\./),
    for: 'qa_answers',
  });
  const { answers } = await rig.state();
  expect(answers.map(({ id: question, text }) => `${question} ${text}`)).toEqual(['Q1 My own words']);
});

test('a form that was left with Esc gives way to another one only after an answer that asks nothing', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  await chat.form(id);
  await rig.answer({ answers: [{ id: 'Q1', text: 'A' }] });
  expect((await chat.get(id)).status).toBe('working');
  expect((await chat.get(id)).status).toBe('input_required');
});

test('a plan is sent back by a second form, and its new version opens under a new key', async () => {
  await using rig = await startRig({ at: 'planned' });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  const plan = await chat.form(id);
  await chat.answer(id, plan.key, { decision: 'changes' });
  const changes = await chat.form(id);
  expect(changes.form.message).toContain('What should be different in the plan?');
  await chat.answer(id, changes.key, { changes: 'Smaller phases' });
  const next = await eventuallyOther(chat, id, [plan.key, changes.key]);
  expect(next).toMatch(/^plan-/);
  expect((await rig.events()).find(({ type }) => type === 'changes_requested')).toMatchObject({
    feedback: 'Smaller phases',
    by: { channel: 'elicitation' },
  });
});

async function eventuallyOther(
  chat: Awaited<ReturnType<typeof taskedChat>>,
  id: string,
  known: readonly string[],
): Promise<string> {
  const has = ({ inputRequests = {} }) => Object.keys(inputRequests).some((key) => !known.includes(key));
  const { inputRequests = {} } = await chat.until(id, 'input_required', has);
  return Object.keys(inputRequests)[0] ?? '';
}

test.for([
  ['a declined form', { action: 'decline' }, 'The user declined the form'],
  [
    '"later"',
    { action: 'accept', content: { decision: 'later' } },
    'The user will decide about the plan later.',
  ],
] as const)(
  '%s ends the watch with the result of the wait, and decides nothing',
  async ([, response, says]) => {
    await using rig = await startRig({ at: 'planned' });
    await using chat = await taskedChat(rig.context());
    const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
    const { key } = await chat.form(id);
    await chat.request('tasks/update', { taskId: id, inputResponses: { [key]: response } });
    const over = await chat.get(id);
    expect(over).toMatchObject({
      status: 'completed',
      result: { structuredContent: { for: 'plan_approval' } },
    });
    const { summary, next } = over.result?.structuredContent ?? {};
    expect(summary).toContain(says);
    expect(next).toContain('read_plan; show it to the user');
    // It is final, and a new wait opens the form again.
    await chat.answer(id, key, { decision: 'approve' });
    expect(await chat.get(id)).toMatchObject({ status: 'completed' });
    expect((await rig.state()).status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
    const again = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
    expect(await chat.get(again)).toMatchObject({ status: 'input_required' });
  },
);

test('an answer given elsewhere wins: the form changes nothing and says so, also when it comes twice', async () => {
  await using rig = await startRig({ at: 'planned' });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  const { key } = await chat.form(id);
  await rig.requestChanges('Other words');
  await chat.answer(id, key, { decision: 'approve' });
  const says = /^Already decided elsewhere; the answer in the form was not recorded/;
  expect((await chat.get(id)).statusMessage).toMatch(says);
  await chat.answer(id, key, { decision: 'approve' });
  await chat.leave(id, key, 'decline');
  await rig.untilWaiting('plan_approval');
  expect((await rig.events()).filter(({ type }) => type === 'plan_approved')).toEqual([]);
  expect(await chat.get(id)).toMatchObject({ status: 'input_required' });
});

test('Esc leaves the form open, and an answer that decides nothing wakes the chat: its form does not come again', async () => {
  await using rig = await startRig({ at: 'planned' });
  await using chat = await taskedChat(rig.context());
  const wait = { session: rig.file.folder, cursor: (await rig.state()).n };
  // A plan that the client cannot show whole has no approving choice.
  for (const content of [{}, { decision: 'approve' }, { other: 'later' }, null]) {
    const id = await chat.follow(wait);
    const { key } = await chat.form(id);
    await chat.leave(id, key, 'cancel');
    expect(await chat.form(id)).toMatchObject({ key });
    await chat.request('tasks/update', {
      taskId: id,
      inputResponses: { [key]: { action: 'accept', content } },
    });
    expect(await chat.get(id)).toMatchObject({
      status: 'completed',
      result: { structuredContent: { summary: expect.stringMatching(/^The form decided nothing\./) } },
    });
  }
  expect((await rig.state()).status.kind).toBe('waiting');
});

test('an empty answer in words wakes the chat', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  const first = await chat.form(id);
  await chat.answer(id, first.key, { Q1: 'write' });
  const words = await chat.form(id);
  await chat.answer(id, words.key, { Q1: '  ' });
  expect(await chat.get(id)).toMatchObject({
    status: 'completed',
    result: { structuredContent: { for: 'qa_answers' } },
  });
});

test('a server that begins anew, and a second chat, follow the same session by the same ids', async () => {
  await using rig = await startRig({ at: 'planned' });
  const cursor = (await rig.state()).n;
  const session = rig.file.folder;
  const first = await taskedChat(rig.context());
  const id = await first.follow({ session, cursor });
  const { key } = await first.form(id);
  await first[Symbol.asyncDispose]();
  await using chat = await taskedChat(rig.context());
  await using other = await taskedChat(rig.context());
  expect(await other.follow({ session, cursor })).toBe(id);
  expect(await chat.form(id)).toMatchObject({ key });
  await rig.stop();
  for (const each of [chat, other])
    expect(await each.until(id, 'completed')).toMatchObject({
      result: { structuredContent: { state: 'stopped' } },
    });
});

test('a cancelled task, which is cancelled twice, is no longer followed, and its session works on', async () => {
  await using rig = await startRig({ at: 'planned' });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  const { key } = await chat.form(id);
  for (const _ of [1, 2])
    expect(await chat.request('tasks/cancel', { taskId: id })).toMatchObject({ resultType: 'complete' });
  await chat.answer(id, key, { decision: 'approve' });
  expect(await chat.get(id)).toMatchObject({ status: 'cancelled' });
  expect((await rig.state()).status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
  await rig.approve();
});

test('where only a person outside of the chat decides, no form opens, and the task says where they do', async () => {
  await using rig = await startRig({ at: 'planned', lines: { GATE_CHANNELS: 'person' } });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  const answer = await chat.get(id);
  expect(answer).toMatchObject({
    status: 'working',
    statusMessage: expect.stringMatching(/^waits for approval: samocode plan /),
  });
  expect(answer.inputRequests).toBeUndefined();
  await chat.answer(id, 'plan-0123456789abcdef', { decision: 'approve' });
  expect((await rig.state()).status.kind).toBe('waiting');
  await rig.stop();
  expect(await chat.until(id, 'completed')).toMatchObject({
    result: { structuredContent: { state: 'stopped' } },
  });
});

test('a client without forms is woken at the gate', async () => {
  await using rig = await startRig({ at: 'planned' });
  await using chat = await taskedChat(rig.context());
  const capabilities = { extensions: IN_TERMINAL.extensions };
  const call = { session: rig.file.folder, cursor: (await rig.state()).n, timeout_s: 0.05 };
  // Nothing is new, and nothing runs: the wait as it was.
  expect(await chat.call('wait', call, capabilities)).toMatchObject({ resultType: 'complete' });
  const id = await chat.follow(call);
  expect(await chat.request('tasks/get', { taskId: id }, capabilities)).toMatchObject({
    status: 'completed',
    result: { structuredContent: { for: 'plan_approval' } },
  });
});

test('the task of a session that was removed is over, and says so', async () => {
  await using rig = await startRig({ at: 'planned' });
  await using chat = await taskedChat(rig.context());
  const id = await chat.follow({ session: rig.file.folder, cursor: (await rig.state()).n });
  for (const folder of [rig.paths.runDir, rig.paths.sessionDir]) await rm(folder, { recursive: true });
  const over = await chat.get(id);
  expect(over).toMatchObject({
    status: 'completed',
    result: { structuredContent: { summary: expect.stringContaining('is gone') } },
  });
});
