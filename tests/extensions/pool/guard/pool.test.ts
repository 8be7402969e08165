import { expect, test } from 'vitest';
import { sharedPostgres } from '../../../support/postgres-server.ts';
import { eventsOf, expectOneChain, heldOn, isAtWork, isDone, poolOf, untilView } from '../e2e/machines.ts';

const server = sharedPostgres();

test('a session whose agents run in the guard continues in the guard of another machine', async () => {
  await using pool = await poolOf(2, heldOn('machine-1'), server, { lines: { SANDBOX: 'guard' } });
  const [one, other] = pool.machines;
  await other.die();
  await pool.start(one);
  await untilView(one, isAtWork, 'work on the first machine');
  await one.die();
  await other.comeBack();
  const done = await untilView(other, isDone, 'the session as done by the other machine');
  await expectOneChain(done);
  const levels = (await eventsOf(done)).flatMap((event) =>
    event.type === 'iteration_started' ? [event.sandbox] : [],
  );
  expect(new Set(levels)).toEqual(new Set([process.getuid?.() === 0 ? 'best effort' : 'guard']));
  expect(done.problems).toEqual([]);
});
