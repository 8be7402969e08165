import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import {
  PostgresBoard,
  type PostgresBoardPlan,
} from '../../../../src/extensions/pool/board/postgres-board.ts';
import { heldBy } from '../../../support/held-by.ts';

test('the signal of a supervisor keeps no reference to the waits of its board', async () => {
  const { signal } = new AbortController();
  // A wait reads nothing else of the plan.
  const board = new PostgresBoard({ clock } as PostgresBoardPlan);
  for (let wait = 0; wait < 3; wait += 1) await board.changed(1, signal);
  expect(heldBy(signal)).toBe(0);
});
