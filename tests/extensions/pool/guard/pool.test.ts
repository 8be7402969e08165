import { expect, test } from 'vitest';
import {
  eventsOf,
  expectOneChain,
  heldOn,
  isAtWork,
  isDone,
  poolOf,
  take,
  untilView,
} from '../e2e/machines.ts';

test('a session whose agents run in the guard continues in the guard of another machine to which a person takes it', async () => {
  await using pool = await poolOf(2, heldOn('machine-1'), { lines: { SANDBOX: 'guard' } });
  const [one, other] = pool.machines;
  const session = await pool.startOn(one);
  await untilView(one, isAtWork, 'work on the first machine');
  await one.die();
  await take(other, session);
  const done = await untilView(other, isDone, 'the session as done by the other machine');
  await expectOneChain(done);
  const levels = (await eventsOf(done)).flatMap((event) =>
    event.type === 'iteration_started' ? [event.sandbox] : [],
  );
  expect(new Set(levels)).toEqual(new Set([process.getuid?.() === 0 ? 'best effort' : 'guard']));
  expect(done.problems).toEqual([]);
});
