import { expect, test } from 'vitest';
import { queuedSessions, whenAllAreDone } from '../support/queued-sessions.ts';

test('32 sessions in a queue of four all come to their end in their order, and leave nothing behind', async () => {
  await using queued = await queuedSessions(32, 4);
  const { mostAtOnce, overtaken, strangers, left } = await whenAllAreDone(queued);
  expect(mostAtOnce).toBe(4);
  // Four that are admitted at once begin in any order.
  expect(Math.max(...overtaken)).toBeLessThan(4);
  expect(strangers).toEqual([]);
  expect(left).toEqual({ workers: 0, processes: 0, slots: 0 });
});
