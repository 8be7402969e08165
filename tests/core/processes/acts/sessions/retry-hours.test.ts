// @module-tag ci
import { expect, test } from 'vitest';
import { patienceOf } from '../../../../../src/core/worker/limits/account.ts';
import { makeBench } from '../../../../support/bench.ts';
import { startSession } from '../../../../support/start-session.ts';

test.each([
  [{}, 12],
  [{ RETRY_HOURS: '0.5' }, 0.5],
])('a session with %j waits %d hours for an outage to end', async (lines, hours) => {
  await using bench = await makeBench({ lines });
  const { file } = await startSession({ task: 'x', run: false }, bench.context);
  expect(file.settings.retryHours).toBe(hours);
  expect(patienceOf(file.settings)).toEqual({
    quickMs: 5000,
    firstMs: 60_000,
    maxMs: hours * 3_600_000,
  });
});
