import { expect, test } from 'vitest';
import { sendMessage } from '../../../../src/core/acts/sessions/send-message.act.ts';
import { outcomeOfAct } from '../../../../src/core/caller/commands/act-outcome.ts';
import { pendingCommandIds } from '../../../../src/core/session/commands/commands.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { answerRead } from '../../../support/as-parent.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

test(
  'of two parents, and of two terminals, that answer one question, the later one gets the earlier answer with its author, and may replace it',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', here: true });
    const { folder } = rig.file;
    const call = async (name: string, args: Record<string, unknown>) =>
      (await askTool(name, args, rig.context('tool'))).json;
    const tool = async (text: string, more: object = {}) =>
      await answerRead(call, { session: folder, answers: { Q1: text }, ...more });
    const { path: cwd, homeDir: home, env } = rig.repo;
    const terminal = (...argv: string[]) =>
      typed(['answer', folder, ...argv], { cwd, home, env, programs: rig.context().programs });

    expect((await tool('first')).summary).toContain('Q1: first');
    expect(await tool('second')).toMatchObject({
      code: 'already_answered',
      message: expect.stringContaining('Q1 was answered first with "first" by the parent model'),
      hint: expect.stringContaining('replace'),
    });
    expect((await tool('third', { replace: true })).summary).toContain('Replaced: Q1: first');

    expect((await terminal('Q1=fourth')).stderr).toContain('answered first with "third"');
    expect((await terminal('Q1=fourth', '--replace')).stdout).toContain('Replaced: Q1: third');
    expect((await terminal('Q1=fifth')).stderr).toContain('with "fourth" by a person, in the terminal');
    expect(await tool('sixth', { replace: true })).toMatchObject({ code: 'already_answered' });
    const { answers } = await rig.state();
    expect(answers).toMatchObject([{ id: 'Q1', text: 'fourth', by: { channel: 'cli' } }]);
  },
);

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
