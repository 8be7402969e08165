import { expect, test } from 'vitest';
import { findSession } from '../../../src/actions/find-session.ts';
import { getStatus } from '../../../src/actions/get-status.ts';
import { listSessions } from '../../../src/actions/list-sessions.ts';
import { resumeSession } from '../../../src/actions/resume-session.ts';
import { startSession } from '../../../src/actions/start-session.ts';
import { type WaitResult, waitForChange } from '../../../src/actions/wait-for-change.ts';
import { readHolding } from '../../../src/base/lease.ts';
import { readEvents } from '../../../src/session/event-log.ts';
import { makeBench } from '../../actions/bench.ts';
import { eventually } from '../../support/eventually.ts';

/** A whole session on a machine that does other work too. */
const WHOLE_SESSION_MS = 180_000;

test(
  'many short waits tell everything once and in order',
  async () => {
    await using bench = await makeBench();
    const { context } = bench;
    const choices = { acceptSuggestions: true, autoApprove: true };
    const { view } = await startSession({ task: 'Write it down', ...choices }, context);
    const session = view.folder;
    const told: number[] = [];
    let last: WaitResult;
    let cursor = 0;
    do {
      last = await waitForChange({ session, cursor, until: 'change', timeoutMs: 300 }, context);
      cursor = last.cursor;
      told.push(...last.happened.map(({ n }) => n));
    } while (last.view.state.status.kind !== 'done');
    const events = await readEvents(view.paths.events, 0);
    const ends = events.filter(({ type }) => type === 'iteration_ended' || type === 'done').map(({ n }) => n);
    expect(told.filter((n) => ends.includes(n))).toEqual(ends);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  },
  WHOLE_SESSION_MS,
);

test('a wait without news ends at its limit with the cursor that it was given', async () => {
  await using bench = await makeBench();
  const { view } = await startSession({ task: 'x', run: false }, bench.context);
  const session = view.folder;
  const stopped = await waitForChange({ session, until: 'done', timeoutMs: 30_000 }, bench.context);
  const { cursor } = stopped;
  const idle = await waitForChange({ session, cursor, until: 'change', timeoutMs: 50 }, bench.context);
  expect(idle).toMatchObject({ changed: false, happened: [], cursor });
  const other = await waitForChange(
    { session, cursor: 10_000, until: 'change', timeoutMs: 50 },
    bench.context,
  );
  expect(other.changed).toBe(false);
});

test('a wait can be cut off and loses nothing', async () => {
  await using bench = await makeBench();
  const { view } = await startSession({ task: 'x', run: false }, bench.context);
  const cut = new AbortController();
  const input = { session: view.folder, cursor: 10_000, until: 'change', timeoutMs: 60_000 } as const;
  const waiting = waitForChange({ ...input, signal: cut.signal }, bench.context);
  cut.abort(new Error('cut off'));
  await expect(waiting).rejects.toThrow('cut off');
});

test(
  'a look at a session whose worker was killed brings it back, and the work is ended',
  async () => {
    await using bench = await makeBench();
    const { context } = bench;
    const choices = { acceptSuggestions: true, autoApprove: true };
    const { view } = await startSession({ task: 'Write it down', ...choices }, context);
    const session = view.folder;
    const holding = await readHolding(view.paths.leases, context.host);
    if (holding.kind !== 'held') throw new Error('Nobody works on it.');
    process.kill(holding.lease.owner.pid, 'SIGKILL');
    const seen = await eventually(async () => {
      const report = await getStatus({ session }, context);
      return report.revival === 'launched' && report;
    });
    expect(seen.view.needsWorker).toBe(true);
    const done = await waitForChange({ session, until: 'done', timeoutMs: 150_000 }, context);
    expect(done.view.state.status.kind).toBe('done');
  },
  WHOLE_SESSION_MS,
);

test('a session whose worker dies again and again is left to a person, who is told at once and may ask for another', async () => {
  await using bench = await makeBench();
  const { context } = bench;
  const { view } = await startSession({ task: 'Write it down' }, context);
  const session = view.folder;
  const begun = async () =>
    (await readEvents(view.paths.events, 0)).filter(({ type }) => type === 'worker_took_over');
  const kill = async () => {
    const holding = await readHolding(view.paths.leases, context.host);
    const isNewest = holding.kind === 'held' && (await begun()).at(-1)?.lease === holding.lease.number;
    if (isNewest && holding.liveness === 'alive') process.kill(holding.lease.owner.pid, 'SIGKILL');
  };
  // A worker that was launched by an earlier look may take over between two looks: all is asked of one moment.
  const list = await eventually(async () => {
    await kill();
    const { revival } = await getStatus({ session }, context);
    const list = await listSessions({}, context);
    return revival === 'dies_again' && list.dying.length > 0 && list;
  });
  expect((await begun()).length).toBeGreaterThanOrEqual(4);
  expect(list.dying.map(({ folder }) => folder)).toEqual([session]);
  expect(list.needing).toBe(1);
  for (const until of ['attention', 'done'] as const) {
    await eventually(async () => {
      await kill();
      const told = await waitForChange({ session, cursor: 10_000, until, timeoutMs: 100 }, context);
      const forHuman = await listSessions({ filter: 'needs_human' }, context);
      return told.changed && told.revival === 'dies_again' && forHuman.dying.length === 1;
    });
  }
  for (const note of ['There is more memory now', undefined]) {
    const { view: resumed, outcome } = await resumeSession({ session, note }, context);
    expect({ outcome, worker: resumed.worker }).toEqual({ outcome: 'resumed', worker: 'alive' });
    await eventually(async () => {
      await kill();
      return (await findSession({ session }, context)).needsWorker;
    });
  }
  const kept = (await readEvents(view.paths.events, 0)).filter(({ type }) => type === 'message_kept');
  expect(kept).toHaveLength(1);
});
