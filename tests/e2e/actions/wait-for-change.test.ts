import { expect, test } from 'vitest';
import { getStatus } from '../../../src/actions/reading/get-status.ts';
import { listSessions } from '../../../src/actions/reading/list-sessions.ts';
import { resumeSession } from '../../../src/actions/sessions/resume-session.ts';
import { startSession } from '../../../src/actions/sessions/start-session.ts';
import { type WaitResult, waitForAny, waitForChange } from '../../../src/actions/waiting/wait-for-change.ts';
import { readEvents } from '../../../src/session/events/event-log.ts';
import { makeBench } from '../../actions/bench.ts';
import { HANGS, startRig } from '../../support/session-rig.ts';

/** A whole session on a machine that does other work too. */
const WHOLE_SESSION_MS = 180_000;

test(
  'many short waits tell everything once and in order',
  async () => {
    await using bench = await makeBench({ here: true });
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
  await using bench = await makeBench({ here: true });
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
  await using bench = await makeBench({ here: true });
  const { view } = await startSession({ task: 'x', run: false }, bench.context);
  const cut = new AbortController();
  const input = { session: view.folder, cursor: 10_000, until: 'change', timeoutMs: 60_000 } as const;
  const waiting = waitForChange({ ...input, signal: cut.signal }, bench.context);
  cut.abort(new Error('cut off'));
  await expect(waiting).rejects.toThrow('cut off');
});

test('a wait for a session whose worker is gone returns at once, and a resume continues it', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.killWorker();
  const context = rig.context();
  const session = rig.file.folder;
  const { n: cursor } = await rig.state();
  for (const until of ['change', 'attention', 'done'] as const) {
    const told = await waitForChange({ session, cursor, until, timeoutMs: 600_000 }, context);
    expect(told).toMatchObject({ changed: true, happened: [], worker: 'gone', isDying: false, cursor });
  }
  expect(await rig.workerPid()).toBeUndefined();
  const { outcome } = await resumeSession({ session }, context);
  expect(outcome).toBe('resumed');
  expect((await getStatus({ session }, context)).worker).toBe('working');
});

test('of several sessions, one whose worker ends during the wait is named at once, and afterwards keeps no other from being waited for', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const context = rig.context();
  const { view: other } = await startSession({ task: 'x', name: 'other', run: false }, context);
  const stopped = await waitForChange({ session: other.folder, until: 'done', timeoutMs: 30_000 }, context);
  const session = rig.file.folder;
  const cursors = { [session]: (await rig.state()).n, [other.folder]: stopped.cursor };
  const input = { sessions: [{ session }, { session: other.folder }], cursors, until: 'change' } as const;
  const waiting = waitForAny({ ...input, timeoutMs: 600_000 }, context);
  await rig.killWorker();
  const told = await waiting;
  expect(told).toMatchObject({ changed: true, worker: 'gone', view: { folder: session } });
  const again = { ...input, cursors: told.cursors };
  const next = await waitForAny({ ...again, timeoutMs: 0 }, context);
  expect(next).toMatchObject({ changed: false, worker: 'gone', view: { folder: session } });
  expect(next.cursors).toEqual(told.cursors);
  const resuming = waitForAny({ ...again, timeoutMs: 600_000 }, context);
  await resumeSession({ session, note: 'Go on' }, context);
  await rig.stop('now');
  expect(await resuming).toMatchObject({ changed: true, view: { folder: session } });
});

test('a worker that has ended between two waits for several is told of at once', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const context = rig.context();
  const { view: other } = await startSession({ task: 'x', name: 'other', run: false }, context);
  const session = rig.file.folder;
  await rig.killWorker();
  const cursors = { [session]: (await rig.state()).n, [other.folder]: 10_000 };
  const input = { sessions: [{ session: other.folder }, { session }], cursors, until: 'change' } as const;
  const told = await waitForAny({ ...input, timeoutMs: 600_000 }, context);
  expect(told).toMatchObject({ changed: true, worker: 'gone', view: { folder: session } });
});

test('a session whose worker dies again and again is left to a person, who is told at once and may ask for another', async () => {
  await using rig = await startRig({ scenario: HANGS });
  const context = rig.context();
  const session = rig.file.folder;
  await rig.until(({ openIteration }) => openIteration !== undefined);
  for (let lease = 2; lease <= 4; lease += 1) {
    await rig.killWorker();
    await rig.launch();
    await rig.until((state) => state.lease === lease, { leaveDead: true });
  }
  await rig.killWorker();
  expect(await getStatus({ session }, context)).toMatchObject({ worker: 'gone', isDying: true });
  const list = await listSessions({ filter: 'needs_human' }, context);
  expect(list.sessions.map(({ folder }) => folder)).toEqual([session]);
  expect(list.needing).toBe(1);
  for (const until of ['attention', 'done'] as const) {
    const told = await waitForChange({ session, cursor: 10_000, until, timeoutMs: 600_000 }, context);
    expect(told).toMatchObject({ changed: true, isDying: true });
  }
  for (const note of ['There is more memory now', undefined]) {
    const { view, outcome } = await resumeSession({ session, note }, context);
    expect({ outcome, worker: view.worker }).toEqual({ outcome: 'resumed', worker: 'alive' });
    await rig.killWorker();
  }
  const kept = (await rig.events()).filter(({ type }) => type === 'message_kept');
  expect(kept).toHaveLength(1);
});
