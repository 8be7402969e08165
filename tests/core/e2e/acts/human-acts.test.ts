import { expect, test } from 'vitest';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { requestChanges } from '../../../../src/core/acts/gates/request-changes.act.ts';
import { readLogTail } from '../../../../src/core/acts/reading/read-log.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { sendMessage } from '../../../../src/core/acts/sessions/send-message.act.ts';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { startSession } from '../../../support/start-session.ts';
import { waitForOne } from '../../../support/wait-for-one.ts';

/** A whole session on a busy machine. */
const WHOLE_SESSION_MS = 180_000;
const LIMIT = { timeoutMs: 150_000 };

async function waitUntil(bench: Bench, session: string, until: 'attention' | 'done' = 'attention') {
  return await waitForOne({ session, until, ...LIMIT }, bench.context);
}

test('questions are answered in parts, by letter, by free text and by suggestion', {
  ...ci,
  timeout: WHOLE_SESSION_MS,
}, async () => {
  await using bench = await makeBench({ here: true });
  const { context } = bench;
  const { view } = await startSession({ task: 'Write it down', name: 'notes' }, context);
  const session = view.folder;
  await expect(answerQa({ session, answers: [] }, context)).rejects.toMatchObject({ code: 'not_waiting' });
  expect((await waitUntil(bench, session)).view.state.status).toMatchObject({ for: 'qa_answers' });
  const { open, questions } = await readQa({ session: 'notes' }, context);
  expect(open).toEqual(questions.map(({ id }) => id));

  const unknown = answerQa({ session, answers: [{ id: 'Q99', text: 'A' }] }, context);
  await expect(unknown).rejects.toMatchObject({
    code: 'unknown_question',
    hint: expect.stringContaining('Q1'),
  });
  const letter = answerQa({ session, answers: [{ id: 'Q1', text: 'Z' }] }, context);
  await expect(letter).rejects.toMatchObject({ code: 'answer_not_understood' });
  await expect(answerQa({ session, answers: [] }, context)).rejects.toMatchObject({
    code: 'no_answer_given',
  });
  expect((await bench.view(session)).pendingCommands).toEqual([]);

  const part = await answerQa({ session, answers: [{ id: 'q1', text: 'b' }] }, context);
  expect(part).toMatchObject({ recorded: [{ id: 'Q1', text: 'B' }], open: open.slice(1) });
  const rest = await answerQa(
    { session, answers: [{ id: 'Q2', text: 'whoever comes' }], acceptSuggestions: true },
    context,
  );
  expect(rest.open).toEqual([]);
  expect(rest.recorded).toContainEqual({ id: 'Q2', text: 'whoever comes' });
  const plan = await waitUntil(bench, session);
  expect(plan.view.state.answers.map(({ text }) => text).slice(0, 2)).toEqual(['B', 'whoever comes']);
});

test(
  'a plan is approved once, by the hash that was read, and sent back before that',
  async () => {
    await using bench = await makeBench({ here: true });
    const { context } = bench;
    const { view } = await startSession({ task: 'Write it down', acceptSuggestions: true }, context);
    const session = view.folder;
    await expect(readPlan({ session }, context)).rejects.toMatchObject({ code: 'no_plan' });
    await expect(approvePlan({ session, hash: undefined }, context)).rejects.toMatchObject({
      code: 'not_waiting',
    });
    await waitUntil(bench, session);
    const first = await readPlan({ session }, context);
    expect(first).toMatchObject({ state: 'waits_for_approval', text: expect.stringContaining('# Plan') });
    await expect(resumeSession({ session }, context)).rejects.toMatchObject({ code: 'gate_closed' });
    await expect(requestChanges({ session, feedback: ' ' }, context)).rejects.toMatchObject({
      code: 'text_missing',
    });
    const wrong = approvePlan({ session, hash: 'deadbeef0000' }, context);
    await expect(wrong).rejects.toMatchObject({ code: 'plan_changed' });
    const byTool = { ...context, by: { channel: 'tool' as const } };
    await expect(approvePlan({ session, hash: undefined }, byTool)).rejects.toMatchObject({
      code: 'plan_hash_missing',
    });

    await requestChanges({ session, feedback: 'Name the boat.' }, context);
    await waitUntil(bench, session);
    const second = await readPlan({ session }, context);
    const approved = await approvePlan({ session, hash: second.hash.slice(0, 12) }, byTool);
    expect(approved).toMatchObject({ already: false, plan: { name: second.name } });
    expect(await approvePlan({ session, hash: second.hash }, byTool)).toMatchObject({ already: true });
    expect((await readPlan({ session }, context)).state).toBe('approved');
    expect(approved.view.state.approvedPlan?.by).toEqual({ channel: 'tool' });
  },
  WHOLE_SESSION_MS,
);

test(
  'a session is stopped, guided, resumed and, once done, given a new goal',
  async () => {
    await using bench = await makeBench({ here: true });
    const { context } = bench;
    const choices = { acceptSuggestions: true, autoApprove: true };
    const { view } = await startSession({ task: 'Write it down', ...choices }, context);
    const session = view.folder;
    await stopSession({ session, when: 'now' }, context);
    await waitUntil(bench, session, 'done');
    const twice = await stopSession({ session, when: 'now' }, context);
    expect(twice).toMatchObject({ outcome: 'not_running', view: { state: { status: { kind: 'stopped' } } } });
    expect(await resumeSession({ session, note: 'Go on.' }, context)).toMatchObject({ outcome: 'resumed' });
    expect(await resumeSession({ session }, context)).toMatchObject({ outcome: 'already_running' });
    const goalTooEarly = resumeSession({ session, goal: 'More' }, context);
    await expect(goalTooEarly).rejects.toMatchObject({ code: 'already_running' });
    expect((await sendMessage({ session, text: 'Mind the boat.' }, context)).messageId).toMatch(
      /^[0-9A-Z]{26}$/,
    );
    const done = await waitUntil(bench, session, 'done');
    expect(done.view.state.status.kind).toBe('done');
    await expect(resumeSession({ session }, context)).rejects.toMatchObject({ code: 'goal_missing' });
    const more = await resumeSession({ session, goal: 'Now the other half' }, context);
    expect(more.view.state.goal).toBe('Now the other half');
    // The line is written shortly after its event, and more lines follow.
    await expect
      .poll(async () => (await readLogTail({ session, lines: 40 }, context)).lines.join('\n'), {
        timeout: 30_000,
      })
      .toContain('new goal');
    const log = await readLogTail({ session, lines: 5 }, context);
    expect(log.lines).toHaveLength(5);
    expect(log.isCut).toBe(true);
  },
  WHOLE_SESSION_MS,
);
