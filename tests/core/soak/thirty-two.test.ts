import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { hookServer } from '../../support/hook-server.ts';
import { queuedSessions, whenAllHaveEnded } from '../../support/queued-sessions.ts';

test('32 sessions in a queue of four all end in order, are each notified once, and leave nothing behind', async () => {
  await using hook = await hookServer();
  await using queued = await queuedSessions([32], 4, { machine: `NOTIFY_WEBHOOK_URL=${hook.url}\n` });
  // Every third post is refused: its notifications are sent again, and none twice.
  const posts = () => hook.posts.length;
  Object.defineProperty(hook, 'answer', { get: () => ({ status: posts() % 3 === 0 ? 503 : 204 }) });
  const { mostAtOnce, overtaken, strangers, left } = await whenAllHaveEnded(queued);
  expect(mostAtOnce).toBe(4);
  // Four that are admitted at once begin in any order.
  expect(Math.max(...overtaken)).toBeLessThan(4);
  expect(strangers).toEqual([]);
  expect(left).toEqual({ workers: 0, processes: 0, slots: 0 });
  const done = () =>
    hook.accepted
      .flatMap(({ notifications }) => notifications)
      .filter(({ kind }) => kind === 'done')
      .map(({ session }) => session);
  await eventually(async () => new Set(done()).size === 32, {
    what: 'one notification of each session',
    withinMs: 900_000,
  });
  expect(done()).toHaveLength(32);
  expect(new Set(hook.ids()).size).toBe(hook.ids().length);
});
