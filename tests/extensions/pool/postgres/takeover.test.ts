import { expect, test } from 'vitest';
import type { SessionView } from '../../../../src/core/session/events/session-view.ts';
import { ci } from '../../../support/ci.ts';
import { query, startPostgres } from '../../../support/postgres-server.ts';
import { atWork, eventsOf, isDone, poolOf, untilView, WORK } from '../e2e/machines.ts';

test(
  'with PostgreSQL as the board, another machine goes on when the first one dies, and the restart of the server disturbs nobody',
  ci,
  async () => {
    await using server = await startPostgres();
    await using pool = await poolOf(2, WORK, { database: await server.database() });
    const [one] = pool.machines;
    await pool.start(one);
    const [first, second] = await atWork(pool);
    await server.restart();
    await first.die();
    const done = await untilView(second, isDone, 'the session as done by the other machine');
    const events = await eventsOf(done);
    expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
  },
);

test('work continues while the remote is unreachable or the database is read-only, and is published afterwards', async () => {
  await using server = await startPostgres();
  const database = await server.database();
  await using pool = await poolOf(2, WORK, { database });
  await pool.start(pool.machines[0]);
  const [first, second] = await atWork(pool);
  first.network.become('refuses');
  const iterationsOf = ({ state }: SessionView) => state.progress.totalIterations;
  const { state } = await untilView(first, (view) => iterationsOf(view) > 4, 'work without the remote');
  const [shown] = await second.views();
  expect(shown && iterationsOf(shown)).toBeLessThan(state.progress.totalIterations);
  first.network.become('forwards');
  // Asked from another one, which it does not make read-only.
  const elsewhere = await server.database();
  const reconnected = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'd1'";
  await query(elsewhere, 'alter database d1 set default_transaction_read_only = on');
  await query(elsewhere, reconnected);
  await untilView(first, isDone, 'the session as done where it was');
  await query(elsewhere, 'alter database d1 reset default_transaction_read_only');
  await query(elsewhere, reconnected);
  await untilView(second, isDone, 'what was published of that');
});
