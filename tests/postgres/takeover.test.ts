import { expect, test } from 'vitest';
import { eventsOf, isAtWork, isDone, poolOf, untilView, WORK } from '../e2e/pool/machines.ts';
import { startPostgres } from '../support/postgres-server.ts';

test('with PostgreSQL as the board, another machine goes on when the first one dies, and the restart of the server disturbs nobody', async () => {
  await using server = await startPostgres();
  await using pool = await poolOf(2, WORK, { database: await server.database() });
  const [one, other] = pool.machines;
  await pool.start(one);
  const first = await Promise.race([
    untilView(one, isAtWork, 'work on the first machine').then(() => one),
    untilView(other, isAtWork, 'work on the second machine').then(() => other),
  ]);
  const second = first === one ? other : one;
  await server.restart();
  await first.die();
  const done = await untilView(second, isDone, 'the session as done by the other machine');
  const events = await eventsOf(done);
  expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
});
