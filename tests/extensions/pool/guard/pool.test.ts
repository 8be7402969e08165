import { expect, test } from 'vitest';
import { eventsOf, isAtWork, isDone, poolOf, untilView, WORK } from '../e2e/machines.ts';

test('a session whose agents run in the guard goes on in the guard of another machine when its own dies', async () => {
  await using pool = await poolOf(2, WORK, { lines: { SANDBOX: 'guard' } });
  const [one, other] = pool.machines;
  await pool.start(one);
  const first = await Promise.race([
    untilView(one, isAtWork, 'work on the first machine').then(() => one),
    untilView(other, isAtWork, 'work on the second machine').then(() => other),
  ]);
  await first.die();
  const done = await untilView(
    first === one ? other : one,
    isDone,
    'the session as done by the other machine',
  );
  const events = await eventsOf(done);
  expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
  const levels = events.flatMap((event) => (event.type === 'iteration_started' ? [event.sandbox] : []));
  expect(new Set(levels)).toEqual(new Set([process.getuid?.() === 0 ? 'best effort' : 'guard']));
  expect(done.problems).toEqual([]);
});
