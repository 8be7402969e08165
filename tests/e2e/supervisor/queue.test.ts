import { expect, test } from 'vitest';
import { queuedSessions, whenAllAreDone } from '../../support/queued-sessions.ts';

test('six sessions in a queue of two all come to their end in their order, and leave nothing behind', async () => {
  await using queued = await queuedSessions(6, 2);
  const { mostAtOnce, overtaken, strangers, left } = await whenAllAreDone(queued);
  expect(mostAtOnce).toBe(2);
  // Two that are admitted at once begin in any order.
  expect(Math.max(...overtaken)).toBeLessThan(2);
  expect(strangers).toEqual([]);
  expect(left).toEqual({ workers: 0, processes: 0, slots: 0 });
});
