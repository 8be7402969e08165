import { expect, test } from 'vitest';
import { recentRevivals } from '../../../../src/core/caller/facts/recent-revivals.ts';
import { isoUtc, systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { giveLease, ownerElsewhere } from '../../../../src/core/kernel/processes/lease.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { CREATED, PREPARED, writeEvents } from '../session/events.ts';

const WORKER = { pid: 1, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' };
const CAME: NewEvent = {
  type: 'worker_took_over',
  worker: WORKER,
  version: '0',
  previous: 'released',
  recovery: 'nothing',
};
const LEFT: NewEvent = { type: 'worker_left', why: 'x' };
const NOTICE: NewEvent = { type: 'notice', code: 'log_problem', text: 'x' };
const WORK: NewEvent = { type: 'went_on', why: 'slot_free' };
const TEN_MINUTES_MS = 10 * 60_000;

test.each<{ what: string; events: NewEvent[]; times: number }>([
  {
    what: 'left at once three times',
    events: [CAME, LEFT, CAME, LEFT, CAME, LEFT, CAME, LEFT],
    times: 3,
  },
  {
    what: 'left at once, each time with a notice',
    events: Array(4).fill([CAME, NOTICE, LEFT]).flat(),
    times: 3,
  },
  { what: 'left at once twice', events: [CAME, LEFT, CAME, LEFT, CAME, LEFT], times: 2 },
  { what: 'did some work each time', events: Array(6).fill([CAME, WORK, LEFT]).flat(), times: 0 },
])('a session whose worker $what counts as restarted $times times', async ({ events, times }) => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const now = systemClock.now();
  await writeEvents(paths, [CREATED, PREPARED, ...events], now - 60_000);
  const host = await systemHost();
  const view = await readSession(paths, host);
  if (view === undefined) throw new Error('There is no session.');
  const at = (ms: number) => ({ clock: { ...systemClock, now: () => ms } });
  expect(await recentRevivals(view, at(now))).toBe(times);
  expect(await recentRevivals(view, at(now + TEN_MINUTES_MS))).toBe(0);
  // The clock was a day ahead when these events were written.
  expect(await recentRevivals(view, at(now - 24 * 60 * 60_000))).toBe(0);
});

test('moving a pool session to another machine and back does not count as workers that die', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED]);
  const acquiredAt = isoUtc(systemClock.now());
  const worked = { owner: WORKER, acquiredAt };
  for (const _ of [1, 2, 3]) {
    await giveLease(paths.leases, worked);
    await giveLease(paths.leases, { owner: ownerElsewhere('mini'), acquiredAt });
  }
  const view = await readSession(paths, await systemHost());
  if (view === undefined) throw new Error('There is no session.');
  expect(await recentRevivals(view, { clock: systemClock })).toBe(0);
  for (const _ of [1, 2, 3]) await giveLease(paths.leases, worked);
  expect(await recentRevivals(view, { clock: systemClock })).toBe(2);
});
