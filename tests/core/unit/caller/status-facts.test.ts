import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { waitForAny } from '../../../../src/core/acts/reading/wait-for-change.act.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { recentRevivals } from '../../../../src/core/caller/facts/recent-revivals.ts';
import { sessionFacts } from '../../../../src/core/caller/facts/session-facts.ts';
import { nextCommandsOf } from '../../../../src/core/faces/terminal/json-facts.ts';
import { isoUtc, systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease, giveLease, ownerElsewhere } from '../../../../src/core/kernel/processes/lease.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { readSupervisorStatus } from '../../../../src/core/supervisor/status.ts';
import { hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { CREATED, PREPARED, writeEvents } from '../session/events.ts';

const FOLDER = '26-01-08-boats';
const RESTARTED = hostWith([], { pidNamespace: 'pid:[2]' });

/** A running session whose container was restarted `quietMs` after its last activity. */
async function restarted(quietMs: number, events: readonly NewEvent[] = [CREATED, PREPARED]) {
  const dir = await tempDir();
  const [home, sessions] = [join(dir.path, 'home'), join(dir.path, 'sessions')];
  const paths = sessionPaths(sessions, FOLDER);
  await writeEvents(paths, events);
  await acquireLease(paths.leases, { host: hostWith([]), clock: systemClock });
  const at = new Date(Date.now() - quietMs);
  for (const path of [paths.events, paths.leases]) await utimes(path, at, at);
  await mkdir(join(dir.path, 'worktrees'));
  const filePath = join(dir.path, '.samocode');
  await writeFile(filePath, `MAIN_REPO=${dir.path}\nWORKTREES=${dir.path}/worktrees\nSESSIONS=${sessions}\n`);
  await rememberProject({ filePath, mainRepo: dir.path, sessions }, { homeDir: home, clock: systemClock });
  const program = join(dir.path, 'none.js');
  const context: ActionContext = {
    ...{ clock: systemClock, host: RESTARTED, env: {}, home, cwd: dir.path, by: { channel: 'cli' } },
    programs: { worker: program, rehearsal: program },
  };
  return { context, sessions, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test('a session whose container was restarted needs a person: in status, list and supervisor', async () => {
  await using given = await restarted(61_000);
  const { context } = given;
  const { view, worker } = await getStatus({ session: FOLDER }, context);
  expect(worker).toBe('gone');
  expect(statusSentence(view)).toContain('needs a person');
  const problems = [expect.stringContaining('samocode takeover')];
  expect(sessionFacts(view)).toMatchObject({ needsHuman: true, worker: 'gone', problems });
  expect(nextCommandsOf(sessionFacts(view))).toEqual(['samocode takeover boats']);
  expect(await listSessions({ filter: 'needs_human' }, context)).toMatchObject({ needing: 1 });
  expect((await readSupervisorStatus(context)).sessions).toMatchObject([
    { waits: { for: 'person', why: 'unseen' } },
  ]);
});

test.each(['change', 'attention', 'done'] as const)(
  'a wait until %s for a session whose container was restarted ends',
  async (until) => {
    await using given = await restarted(61_000);
    const input = { sessions: [FOLDER], cursor: '2', until, timeoutMs: 0 };
    expect(await waitForAny(input, given.context)).toMatchObject({ changed: true, view: { isUnseen: true } });
  },
);

test('a session that runs on another machine is left to it while it shows activity', async () => {
  await using given = await restarted(1000);
  const { view } = await getStatus({ session: FOLDER }, given.context);
  expect(sessionFacts(view)).toMatchObject({ needsHuman: false, worker: 'working' });
  const input = { sessions: [FOLDER], cursor: '2', until: 'attention', timeoutMs: 0 } as const;
  expect(await waitForAny(input, given.context)).toMatchObject({ changed: false });
});

test('a session that waits for the end of a usage limit elsewhere needs no person before that', async () => {
  const limited = (until: number): NewEvent[] => [
    ...[CREATED, PREPARED],
    { type: 'limited', until, guessed: false, provider: 'claude' },
  ];
  await using waiting = await restarted(3_600_000, limited(Date.now() + 60_000));
  expect((await getStatus({ session: FOLDER }, waiting.context)).view.isUnseen).toBeUndefined();
  await using over = await restarted(3_600_000, limited(Date.now() - 61_000));
  expect((await getStatus({ session: FOLDER }, over.context)).view.isUnseen).toBe(true);
});

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
