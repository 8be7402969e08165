import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { sendMessage } from '../../../../src/core/acts/sessions/send-message.act.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType } from '../../../support/events-of.ts';
import { NO_GATES, type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { changeSettings } from '../../faults/with-settings.ts';

const answer = (id: string, tokens: number) => ({
  act: 'event',
  json: {
    type: 'assistant',
    message: { id, content: [], usage: { input_tokens: tokens, output_tokens: 0 } },
  },
});
const stays = { act: 'signal-file', text: '{"status":"continue"}' };
const costs = (usd: number) => ({ act: 'result', json: { total_cost_usd: usd } });
const note = (rig: SessionRig) =>
  rig.events().then((events) => events.filter(({ type }) => type === 'budget_warned'));

function spender(acts: object[], lines: Record<string, string>): RigPlan {
  return { here: true, scenario: { rules: [{ when: {}, do: acts }] }, lines };
}

test.concurrent('a budget of zero spends nothing', ci, async () => {
  await using rig = await startRig(spender([{ act: 'normal' }], { MAX_COST_USD: '0' }));
  const { status, progress } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'budget', reason: expect.stringContaining('with a higher limit.') });
  expect(progress.totalIterations).toBe(0);
});

test.concurrent('people are warned at fifty and at eighty percent, then one last agent wraps up', async () => {
  await using rig = await startRig(
    spender([stays, { act: 'write', path: 'session:x.md', text: 'more', append: true }, costs(3)], {
      MAX_COST_USD: '10',
    }),
  );
  const { status, spent } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'budget', reason: expect.stringContaining('$12.00 of $10.00') });
  expect(await note(rig)).toMatchObject([{ percent: 50 }, { percent: 80 }]);
  const started = await eventsOfType(rig, 'iteration_started');
  expect(started.map(({ wrapUp }) => wrapUp ?? false)).toEqual([false, false, false, true]);
  expect(spent.session.usd).toBe(12);
});

test.concurrent('resuming with a limit that is already used up is refused at once, while a higher one lets it continue', async () => {
  await using rig = await startRig(
    spender([{ act: 'normal', result: false }, costs(12.5)], { MAX_COST_USD: '1' }),
  );
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.until(({ status }) => status.kind === 'blocked');
  await expect(rig.resume()).rejects.toMatchObject({ code: 'budget_spent' });
  await expect(rig.resume({ limits: { usd: 12 } })).rejects.toMatchObject({
    code: 'budget_spent',
    next: [{ act: 'raise_limits', args: { usd: 26 } }],
  });
  await rig.resume({ limits: { usd: 100 } });
  await rig.untilWaiting('plan_approval');
});

test.concurrent('a model raises the limit that blocks a session once, and again only after an act of a person', async () => {
  await using rig = await startRig(
    spender([{ act: 'normal', result: false }, costs(12.5)], { ...NO_GATES, MAX_COST_USD: '1' }),
  );
  const raise = (usd: number) =>
    resumeSession({ session: rig.file.folder, limits: { usd } }, rig.context('tool'));
  const blocked = () => rig.until(({ status, openIteration }) => status.kind === 'blocked' && !openIteration);
  await blocked();
  await raise(26);
  await rig.until(({ status }) => status.kind !== 'blocked');
  await blocked();
  await expect(raise(900)).rejects.toMatchObject({
    code: 'needs_person',
    why: expect.stringContaining('from the block "budget"'),
    next: [{ act: 'resume', by: ['cli', 'phone', 'web'] }],
  });
  await sendMessage({ session: rig.file.folder, text: 'Go on' }, rig.context('phone'));
  expect((await raise(900)).outcome).toBe('resumed');
});

test.concurrent('an agent that spends too many tokens while it runs is ended within one answer, and its work is kept', async () => {
  const acts = [
    { act: 'write', path: 'worktree:half.txt', text: 'half\n' },
    answer('a', 400_000),
    { act: 'sleep', ms: 1500 },
    answer('b', 400_000),
    { act: 'sleep', ms: 1500 },
    answer('c', 400_000),
    { act: 'hang' },
  ];
  await using rig = await startRig({
    here: true,
    scenario: {
      rules: [
        { when: { iteration: 1 }, do: acts },
        { when: {}, do: [stays, { act: 'result' }] },
      ],
    },
    lines: { MAX_TOKENS: '1300000' },
  });
  await rig.until(({ progress }) => progress.totalIterations >= 2);
  const ended = (await rig.events()).find((event) => event.type === 'iteration_ended');
  expect(ended).toMatchObject({ ending: 'budget', decision: { kind: 'run', retry: 'excused' } });
  const kept = `refs/samocode/${refNameOf(rig.file)}/001:worktree/half.txt`;
  expect(await rig.repo.git(['show', kept])).toBe('half');
});

test.concurrent('the number of agents is limited, and the last of them wraps up', async () => {
  const write = { act: 'write', path: 'session:x.md', text: 'more', append: true };
  await using rig = await startRig(spender([write, stays, { act: 'result' }], { MAX_ITERATIONS: '3' }));
  const { status, progress } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'budget' });
  expect(progress.totalIterations).toBe(3);
});

test.concurrent('if several limits are used up, the advice raises them all at once', async () => {
  const tokens = { input_tokens: 400, output_tokens: 3 };
  const all = { act: 'result', json: { total_cost_usd: 12, usage: tokens } };
  await using rig = await startRig({
    here: true,
    at: 'resting',
    scenario: { rules: [{ when: { iteration: 1 }, do: [stays, all] }] },
  });
  const limits = { session: { usd: 1, tokens: 100 }, phases: { investigation: { usd: 1 } } };
  await changeSettings(rig, { limits });
  await rig.resume();
  const { status } = await rig.until(({ status }) => status.kind === 'blocked');
  const advice = { next: [{ act: 'raise_limits', args: { usd: 25, tokens: 807 } }] };
  expect(status).toMatchObject({ rule: 'budget', ...advice });
  await expect(rig.resume({ limits: { usd: 25 } })).rejects.toMatchObject({ code: 'budget_spent' });
  await rig.resume({ limits: { usd: 25, tokens: 807 } });
  const { raisedLimits } = await rig.untilWaiting('qa_answers');
  expect(raisedLimits).toMatchObject({
    session: { usd: 25, tokens: 807 },
    phases: { investigation: { usd: 25 } },
  });
});

test.concurrent('costs that overflow a number count as the maximum, and end at the limit', async () => {
  const huge = { input_tokens: 1.7e308, cache_creation_input_tokens: 1.7e308 };
  await using rig = await startRig(
    spender([stays, { act: 'result', json: { total_cost_usd: 1e308, usage: huge, modelUsage: {} } }], {
      MAX_COST_USD: '1',
    }),
  );
  const { status, progress } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'budget' });
  expect(progress.totalIterations).toBe(1);
});

test.concurrent('the limit of a phase, of a session from before, can be raised after a stop', async () => {
  const write = { act: 'write', path: 'session:x.md', text: 'more', append: true };
  await using rig = await startRig({
    here: true,
    at: 'resting',
    scenario: {
      rules: [{ when: { iteration: 1 }, do: [write, stays, { act: 'sleep', ms: 3000 }, costs(2)] }],
    },
  });
  await changeSettings(rig, { limits: { session: {}, phases: { investigation: { usd: 1 } } } });
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.stop('after_iteration');
  await rig.until(({ status }) => status.kind === 'stopped');
  await expect(rig.resume({ limits: { usd: 1 } })).rejects.toMatchObject({
    next: [{ act: 'raise_limits', args: { usd: 5 } }],
  });
  await rig.resume({ limits: { usd: 5 } });
  const { raisedLimits } = await rig.untilWaiting('qa_answers');
  expect(raisedLimits).toMatchObject({ session: {}, phases: { investigation: { usd: 5 } } });
});
