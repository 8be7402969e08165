import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { noticesOf } from '../../../support/events-of.ts';
import { startRig } from '../../../support/session-rig.ts';

const TEN_MINUTES_MS = 600_000;

/** What Claude Code prints when the plan is used up and the account pays for extra usage. */
const overage = (resetsAt: number) => ({
  act: 'event',
  json: {
    type: 'rate_limit_event',
    rate_limit_info: { status: 'allowed', resetsAt, rateLimitType: 'five_hour', isUsingOverage: true },
  },
});

async function overageRig(lines: Record<string, string>, then: object[]) {
  const resetsAt = Math.round((systemClock.now() + TEN_MINUTES_MS) / 1000);
  const scenario = { rules: [{ when: { iteration: 1 }, do: [overage(resetsAt), ...then] }] };
  return { resetsAt, rig: await startRig({ here: true, lines, scenario }) };
}

test.concurrent('work on extra usage goes on, and is told once', async () => {
  const { rig } = await overageRig({}, [{ act: 'sleep', ms: 2500 }, { act: 'normal' }]);
  await using _ = rig;
  await rig.untilWaiting('qa_answers');
  expect(await noticesOf(rig, 'overage')).toMatchObject([
    { text: expect.stringContaining('iteration 1 works on extra usage') },
  ]);
});

test.concurrent('with OVERAGE=wait the agent is ended, and the session waits for the limit of the plan', async () => {
  const { rig, resetsAt } = await overageRig({ OVERAGE: 'wait' }, [{ act: 'hang' }]);
  await using _ = rig;
  const { status } = await rig.until(({ status: { kind } }) => kind === 'limited');
  expect(status).toMatchObject({ kind: 'limited', guessed: false });
  expect(status.kind === 'limited' && status.until).toBeGreaterThanOrEqual(resetsAt * 1000);
  const ended = (await rig.events()).find(({ type }) => type === 'iteration_ended');
  expect(ended).toMatchObject({ ending: 'usage_limit', problem: expect.stringContaining('OVERAGE is wait') });
});
