// @module-tag ci
import { expect, test } from 'vitest';
import { watchLimits } from '../../../../../src/core/worker/iteration/watch.ts';
import { makeBench } from '../../../../support/bench.ts';
import { startSession } from '../../../../support/start-session.ts';

test.each([
  [{}, 1_200_000],
  [{ STALL_TIMEOUT: '3600' }, 3_600_000],
])(
  'a session with %j may be silent for %i ms, and is reported after half of that',
  async (lines, stallEndMs) => {
    await using bench = await makeBench({ lines });
    const { file } = await startSession({ task: 'x', run: false }, bench.context);
    expect(watchLimits(file.settings)).toMatchObject({ stallMs: stallEndMs / 2, stallEndMs });
  },
);
