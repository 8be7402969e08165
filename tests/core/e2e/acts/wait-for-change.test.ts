import { expect, test } from 'vitest';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { type WaitResult, waitForAny } from '../../../../src/core/acts/reading/wait-for-change.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { cursorOf } from '../../../../src/core/caller/facts/cursor.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { cursorFor } from '../../../support/cursor-for.ts';
import { trustLines } from '../../../support/project.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { waitForOne } from '../../../support/wait-for-one.ts';

/** A whole session on a busy machine. */
const WHOLE_SESSION_MS = 180_000;

/** A session that got its answers and whose agent hangs. */
async function hangingRig(): Promise<SessionRig> {
  const rig = await startRig({ at: 'asking', scenario: { rules: [{ when: {}, do: [{ act: 'hang' }] }] } });
  await rig.answer();
  await rig.until(({ openIteration }) => openIteration !== undefined);
  return rig;
}

test.concurrent('many short waits return every event once and in order', {
  ...ci,
  timeout: WHOLE_SESSION_MS,
}, async () => {
  await using rig = await startRig({ at: 'planned', here: true });
  const context = rig.context();
  const session = rig.file.folder;
  await rig.approve();
  const result: number[] = [];
  let last: WaitResult;
  let cursor = '0';
  do {
    last = await waitForOne({ session, cursor, until: 'change', timeoutMs: 300 }, context);
    cursor = last.cursor;
    result.push(...last.happened.map(({ n }) => n));
  } while (last.view.state.status.kind !== 'done');
  const events = await rig.events();
  const ends = events.filter(({ type }) => type === 'iteration_ended' || type === 'done').map(({ n }) => n);
  expect(result.filter((n) => ends.includes(n))).toEqual(ends);
  expect(result).toEqual([...new Set(result)].sort((a, b) => a - b));
});

test.concurrent('a wait without news ends at its limit with the given cursor, and an aborted one loses nothing', async () => {
  await using bench = await makeBench({ here: true });
  const { view } = await startSession({ task: 'x', run: false }, bench.context);
  const session = view.folder;
  const stopped = await waitForOne({ session, until: 'done', timeoutMs: 30_000 }, bench.context);
  const { cursor } = stopped;
  const idle = await waitForOne({ session, cursor, until: 'change', timeoutMs: 50 }, bench.context);
  expect(idle).toMatchObject({ changed: false, happened: [], cursor });
  const ahead = { session, cursor: '10000', until: 'change' } as const;
  const other = await waitForOne({ ...ahead, timeoutMs: 50 }, bench.context);
  expect(other.changed).toBe(false);
  const cut = new AbortController();
  const waiting = waitForOne({ ...ahead, timeoutMs: 60_000, signal: cut.signal }, bench.context);
  cut.abort(new Error('cut off'));
  await expect(waiting).rejects.toThrow('cut off');
});

test.concurrent('of several sessions, one whose worker ends during the wait is named at once, and afterwards does not prevent waiting for others', async () => {
  await using rig = await hangingRig();
  await trustLines(rig.repo);
  const context = rig.context();
  const { view: other } = await startSession({ task: 'x', name: 'other', run: false }, context);
  const stopped = await waitForOne({ session: other.folder, until: 'done', timeoutMs: 30_000 }, context);
  const session = rig.file.folder;
  const { n } = await rig.state();
  const cursor = cursorFor({ [session]: n, [other.folder]: Number(stopped.cursor) });
  const sessions = [session, other.folder];
  const input = { sessions, cursor, until: 'change' } as const;
  const waiting = waitForAny({ ...input, timeoutMs: 600_000 }, context);
  await rig.killWorker();
  const result = await waiting;
  expect(result).toMatchObject({ changed: true, worker: 'gone', view: { folder: session } });
  const again = { ...input, cursor: result.cursor };
  const next = await waitForAny({ ...again, timeoutMs: 0 }, context);
  expect(next).toMatchObject({ changed: false, worker: 'gone', view: { folder: session } });
  expect(next.cursor).toBe(result.cursor);

  const late = { ...input, sessions: sessions.toReversed() };
  expect(
    await waitForAny({ ...late, timeoutMs: 600_000 }, context),
    'a worker that has ended between two waits for several is reported at once',
  ).toMatchObject({ changed: true, worker: 'gone', view: { folder: session } });
  for (const until of ['change', 'attention', 'done'] as const) {
    expect(
      await waitForOne({ session, cursor: cursorOf({ n }), until, timeoutMs: 600_000 }, context),
      'a wait for a session whose worker is gone returns at once',
    ).toMatchObject({
      changed: true,
      happened: [],
      worker: 'gone',
      isDying: false,
      cursor: cursorOf({ n, knowsStuck: true }),
    });
  }
  expect(await rig.workerPid()).toBeUndefined();

  const resuming = waitForAny({ ...again, timeoutMs: 600_000 }, context);
  const { outcome } = await resumeSession({ session, note: 'Go on' }, context);
  expect(outcome, 'a resume continues it').toBe('resumed');
  expect((await getStatus({ session }, context)).worker).toBe('working');
  await rig.stop('now');
  expect(await resuming).toMatchObject({ changed: true, view: { folder: session } });
});

test.concurrent('a session whose worker dies again and again is left to a person, who is notified at once and may start another', async () => {
  await using rig = await hangingRig();
  const context = rig.context();
  const session = rig.file.folder;
  const first = (await rig.state()).lease;
  for (let more = 1; more <= 3; more += 1) {
    await rig.killWorker();
    await rig.launch();
    await rig.until((state) => state.lease === first + more, { leaveDead: true });
  }
  await rig.killWorker();
  expect(await getStatus({ session }, context)).toMatchObject({ worker: 'gone', isDying: true });
  const list = await listSessions({ filter: 'needs_human' }, context);
  expect(list.sessions.map(({ folder }) => folder)).toEqual([session]);
  expect(list.needing).toBe(1);
  for (const until of ['attention', 'done'] as const) {
    const result = await waitForOne({ session, cursor: '10000', until, timeoutMs: 600_000 }, context);
    expect(result).toMatchObject({ changed: true, isDying: true });
  }
  for (const note of ['There is more memory now', undefined]) {
    const { view, outcome } = await resumeSession({ session, note }, context);
    expect({ outcome, worker: view.worker }).toEqual({ outcome: 'resumed', worker: 'alive' });
    await rig.killWorker();
  }
  const kept = (await rig.events()).filter(({ type }) => type === 'message_kept');
  expect(kept).toHaveLength(1);
});
