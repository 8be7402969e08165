import { expect, test } from 'vitest';
import { sendMessage } from '../../../../src/core/acts/sessions/send-message.act.ts';
import { outcomeOfAct } from '../../../../src/core/caller/commands/act-outcome.ts';
import { pendingCommandIds } from '../../../../src/core/session/commands/commands.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const ACT = '019b9d2e-7c00-7abc-8def-0123456789ab';
const OTHER = '019b9d2e-7c00-7abc-8def-0123456789ac';

const keptBy = async (rig: SessionRig) =>
  (await rig.events()).filter(({ type }) => type === 'message_kept' || type === 'answers_recorded');

test('an act that is sent twice at once takes effect once, and both callers get its result', ci, async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const { folder: session } = rig.file;
  const context = { ...rig.context('web'), actId: ACT };
  const send = () => sendMessage({ session, text: 'Mind the boats' }, context);
  const [first, second] = await Promise.all([send(), send()]);
  expect(first.messageId).toBeDefined();
  expect([second.messageId, (await send()).messageId]).toEqual([first.messageId, first.messageId]);
  expect(await keptBy(rig)).toHaveLength(1);
  expect(await outcomeOfAct(await rig.view(), ACT)).toMatchObject({
    kind: 'recorded',
    event: { by: { channel: 'web' }, kind: 'message' },
    sentence: `message ${first.messageId} stored for the next agent`,
  });
  expect(await outcomeOfAct(await rig.view(), OTHER)).toEqual({ kind: 'unknown' });
});

test('an act whose server was killed before the answer waits, and counts once when a worker comes and it is sent again', async () => {
  await using rig = await startRig({ at: 'asking' });
  const { folder: session } = rig.file;
  const context = { ...rig.context('web'), actId: ACT };
  const answer = (programs = context.programs) =>
    answerQa({ session, answers: [], acceptSuggestions: true }, { ...context, programs });
  const gone = { ...context.programs, worker: `${rig.repo.root}/gone.js` };
  await expect(answer(gone)).rejects.toMatchObject({ code: 'pending' });
  expect(pendingCommandIds(rig.paths)).toHaveLength(1);
  expect(await outcomeOfAct(await rig.view(), ACT)).toEqual({ kind: 'waiting' });
  expect((await answer()).open).toEqual([]);
  expect(await outcomeOfAct(await rig.view(), ACT)).toMatchObject({
    kind: 'recorded',
    sentence: expect.stringMatching(/^answers Q1.* by a person, in the browser$/),
  });
  await expect(answer()).rejects.toMatchObject({
    code: expect.stringMatching(/^(not_waiting|already_answered)$/),
  });
  expect(await keptBy(rig)).toHaveLength(1);
});
