// @module-tag ci
import { appendFile, chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isoUtc } from '../../../../src/core/kernel/clock.ts';
import { giveLease, ownerElsewhere } from '../../../../src/core/kernel/processes/lease.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { recordSpent } from '../../../../src/core/session/waits/day-spent.ts';
import { Scan } from '../../../../src/core/supervisor/scan.ts';
import { readSupervisorStatus } from '../../../../src/core/supervisor/status.ts';
import { eventually } from '../../../support/eventually.ts';
import { silentDisk } from '../../../support/failing-disk.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { ASKING, CREATED, eventLines, PREPARED } from '../../unit/session/events.ts';
import { MINUTE_MS, type Scene, START_MS, scene } from '../../unit/supervisor/scene.ts';

const RUNNING = [CREATED, PREPARED];
const CRASHED = { events: RUNNING, lease: { owner: 'dead' } } as const;
const QUEUED: NewEvent = { type: 'queued', reason: 'full' };
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Scans every second for `ms`, or less often. @returns the milliseconds at which workers were started */
async function startsWithin(here: Scene, scan: Scan, ms: number, stepMs = 1000): Promise<number[]> {
  const { clock } = here.supervisor;
  const begun = clock.monotonic();
  const times: number[] = [];
  for (; clock.monotonic() - begun <= ms; clock.pass(stepMs)) {
    const before = here.started().length;
    await scan.run();
    for (let count = here.started().length; count > before; count -= 1) times.push(clock.monotonic() - begun);
  }
  return times;
}

test('a session whose workers never start gets three with growing delays, and three more later', async () => {
  await using here = await scene();
  await here.session('crashed', CRASHED);
  const scan = new Scan(here.supervisor);
  expect(await startsWithin(here, scan, 5 * MINUTE_MS)).toEqual([0, 2000, 12_000]);
  expect([...scan.sessions.values()].map(({ isDying }) => isDying)).toEqual([true]);
  expect(await startsWithin(here, scan, 10 * MINUTE_MS)).toHaveLength(3);
});

test('a session of a pool gets a worker at once each time that it comes back from another machine', async () => {
  await using here = await scene();
  const paths = await here.session('crashed', CRASHED);
  const scan = new Scan(here.supervisor);
  for (const number of [3, 5, 7, 9]) {
    expect(await startsWithin(here, scan, 0)).toEqual([0]);
    await giveLease(paths.leases, { owner: ownerElsewhere('mini'), acquiredAt: isoUtc(START_MS) });
    await scan.run();
    await here.lease(paths, { number, released: true });
  }
});

test('while the worker program is missing, as in an upgrade, none is started; afterwards the session gets its worker', async () => {
  await using here = await scene();
  await here.session('crashed', CRASHED);
  const { worker } = here.supervisor.programs;
  await rename(worker, `${worker}.away`);
  const scan = new Scan(here.supervisor);
  expect(await startsWithin(here, scan, 5 * MINUTE_MS)).toEqual([]);
  expect([...scan.sessions.values()].map(({ isDying }) => isDying)).toEqual([false]);
  await rename(`${worker}.away`, worker);
  expect(await startsWithin(here, scan, 0)).toEqual([0]);
});

test('a session whose workers have died three times gets no more', async () => {
  await using here = await scene();
  const paths = await here.session('crashed', CRASHED);
  for (const number of [2, 3, 4]) await here.lease(paths, { number });
  const scan = new Scan(here.supervisor);
  expect(await startsWithin(here, scan, 60 * MINUTE_MS, MINUTE_MS)).toEqual([]);
  expect(scan.hasReason()).toBe(true);
});

test.each([
  ['the end of a limit', { type: 'limited', until: START_MS - 1, guessed: false, provider: 'claude' }],
  ['the admission from the queue', QUEUED],
] satisfies Array<[string, NewEvent]>)(
  'workers that die at %s are started three times at most',
  async (_, event) => {
    await using here = await scene();
    const paths = await here.session('s', { events: [...RUNNING, event], lease: { owner: 'dead' } });
    for (const number of [2, 3, 4]) await here.lease(paths, { number });
    expect(await startsWithin(here, new Scan(here.supervisor), 5 * MINUTE_MS)).toEqual([]);
  },
);

test('an unanswered command gets a worker after two seconds, and at most three if they never start', async () => {
  await using here = await scene();
  const paths = await here.session('s', { events: [...RUNNING, ASKING] });
  await leaveCommandFile(paths, '01KEE000000000000000000001');
  const scan = new Scan(here.supervisor);
  expect(await startsWithin(here, scan, 5 * MINUTE_MS)).toEqual([2000, 4000, 14_000]);
  await leaveCommandFile(paths, '01KEE000000000000000000002');
  expect(await startsWithin(here, scan, 5000)).toEqual([0, 2000]);
});

test('a queued session without a free slot is retried every ten seconds and does not count as dying', async () => {
  await using here = await scene();
  await here.session('s', { events: [...RUNNING, QUEUED] });
  const scan = new Scan(here.supervisor);
  expect(await startsWithin(here, scan, 35_000)).toEqual([0, 2000, 12_000, 22_000, 32_000]);
  expect([...scan.sessions.values()].map(({ isDying }) => isDying)).toEqual([false]);
});

const LIMITED: NewEvent = {
  ...{ type: 'limited', until: START_MS + 120 * MINUTE_MS, guessed: false, provider: 'claude' },
} as NewEvent;

const ordered = (order: object) => ({
  events: [CREATED, { type: 'queued', reason: 'later', order } as NewEvent],
  order,
});

test.each<[string, Parameters<Scene['session']>[1], number]>([
  ['a limit that ends in two hours', { events: [...RUNNING, LIMITED] }, 120 * MINUTE_MS],
  ['a start in an hour', ordered({ at: START_MS + 60 * MINUTE_MS }), 60 * MINUTE_MS],
  ['the end of another session', ordered({ after: 'other' }), Infinity],
  ['a slot that is free', { events: [...RUNNING, QUEUED] }, 0],
  ['a worker after a crash', CRASHED, 0],
  ['answers', { events: [...RUNNING, ASKING] }, Infinity],
  ['its worker, which is at work', { events: RUNNING, lease: { owner: 'alive' } }, Infinity],
])('what comes by itself, and when: %s', async (_, plan, comesInMs) => {
  await using here = await scene();
  await here.session('s', plan);
  await here.session('other', { events: RUNNING, lease: { owner: 'alive' } });
  const scan = new Scan(here.supervisor);
  await scan.run();
  const times = [...scan.sessions.values()].map(({ view, comesInMs: ms }) => [view.folder, ms]);
  expect(Object.fromEntries(times)).toEqual({ s: comesInMs, other: Infinity });
});

test('nothing comes by itself to a session whose workers have died three times', async () => {
  await using here = await scene();
  const paths = await here.session('crashed', CRASHED);
  for (const number of [2, 3, 4]) await here.lease(paths, { number });
  const scan = new Scan(here.supervisor);
  await scan.run();
  expect([...scan.sessions.values()].map((session) => session.comesInMs)).toEqual([Infinity]);
});

test('where the money of the day is spent, the next day is what comes', async () => {
  await using here = await scene();
  await here.session('s', { events: [...RUNNING, QUEUED] });
  const { home, paths, clock } = here.supervisor;
  await mkdir(join(home, '.config/samocode'), { recursive: true });
  await writeFile(join(home, '.config/samocode/.env'), 'MAX_COST_USD_PER_DAY=1\n');
  await recordSpent(paths.spent, clock.now(), { session: 'a', iteration: 1, usd: 2 });
  const scan = new Scan(here.supervisor);
  await scan.run();
  const [session] = scan.sessions.values();
  expect(new Date(clock.now() + (session?.comesInMs ?? 0)).toString()).toContain(' 00:00:00 ');
});

test('a session that cannot get a worker, or whose slots cannot be read, delays no other', async () => {
  await using here = await scene();
  const bad = await here.session('bad', CRASHED, 'one');
  await here.session('queued', { events: [...RUNNING, QUEUED] }, 'two');
  const refused = await here.session('refused', { events: [...RUNNING, QUEUED] }, 'three');
  const slots = join(refused.runDir, '../.slots');
  await mkdir(slots);
  await runCommand('chmod', ['-R', 'a+rwX', here.root]);
  await chmod(bad.runDir, 0o555);
  await chmod(slots, 0);
  const scan = new Scan(here.supervisor);
  await asOrdinaryUser(() => scan.run());
  expect(here.started()).toEqual(['queued']);
  const good = await here.session('good', CRASHED, 'two');
  for (const folder of [join(here.root, 'two'), good.runDir])
    await runCommand('chmod', ['-R', 'a+rwX', folder]);
  await asOrdinaryUser(() => scan.run());
  expect(here.started()).toEqual(['queued', 'good']);
});

test('after a reboot, sessions that were working continue', async () => {
  await using here = await scene();
  const { host } = here.supervisor;
  await here.session('s', { events: RUNNING, lease: { owner: 'alive' } });
  await new Scan(here.supervisor).run();
  expect(here.started()).toEqual([]);
  const rebooted = { ...here.supervisor, host: { ...host, bootId: 'the next boot' } };
  await new Scan(rebooted).run();
  expect(here.started()).toEqual(['s']);
});

test('a session that was briefly unreadable is read again', async () => {
  await using here = await scene();
  const paths = await here.session('s', CRASHED);
  const scan = new Scan(here.supervisor);
  const aside = `${paths.events}.aside`;
  await rename(paths.events, aside);
  await mkdir(paths.events);
  await scan.run();
  expect(here.started()).toEqual([]);
  await rm(paths.events, { recursive: true });
  await rename(aside, paths.events);
  await scan.run();
  expect(here.started()).toEqual(['s']);
});

test('a SESSIONS folder that vanishes is not a reason to stay, and its sessions are watched once it returns', async () => {
  await using here = await scene();
  const { sessionsDir } = await here.session('s', CRASHED);
  const scan = new Scan(here.supervisor);
  await rename(sessionsDir, `${sessionsDir}.away`);
  await scan.run();
  expect(scan.hasReason()).toBe(false);
  await rename(`${sessionsDir}.away`, sessionsDir);
  await scan.run();
  expect(here.started()).toEqual(['s']);
});

test('a SESSIONS folder that does not respond delays no other, is tried once, and is watched again once it responds', async () => {
  await using here = await scene();
  const { sessionsDir } = await here.session('far', CRASHED, 'mount');
  await here.session('near', CRASHED, 'disk');
  const scan = new Scan(here.supervisor);
  {
    using mount = silentDisk(sessionsDir);
    await scan.run();
    await scan.run();
    expect(here.started()).toEqual(['near']);
    expect(here.lines.filter((line) => line.startsWith(`${sessionsDir}: `))).toEqual([
      expect.stringContaining('has not responded for 3 s'),
    ]);
    const { problems, sessions } = await readSupervisorStatus({
      ...here.supervisor,
      ...{ cwd: here.root, by: { channel: 'cli' }, programs: { worker: '', rehearsal: '' } },
    });
    expect(problems).toEqual([expect.stringContaining(`${sessionsDir} has not responded`)]);
    expect(sessions.map(({ view }) => view.folder)).toEqual(['near']);
    expect(mount.asked()).toBe(1);
    expect(scan.hasReason()).toBe(true);
  }
  await eventually(
    async () => {
      await scan.run();
      return here.started().includes('far');
    },
    { what: 'its worker' },
  );
});

test('registered SESSIONS folders are remembered while their registration is missing', async () => {
  await using here = await scene();
  await here.session('s', { events: [...RUNNING, ASKING] });
  const scan = new Scan(here.supervisor);
  await scan.run();
  await rm(here.supervisor.paths.registered, { recursive: true });
  await scan.run();
  expect(scan.hasReason()).toBe(true);
});

test('a scan without the lease starts nothing', async () => {
  await using here = await scene();
  await here.session('s', CRASHED);
  const scan = new Scan(here.supervisor);
  await scan.read();
  expect(scan.hasReason()).toBe(true);
  expect(here.started()).toEqual([]);
});

test('sessions that are done, untouched for a month or owned by another identity are not a reason to stay', async () => {
  await using here = await scene();
  await here.session('done', { events: [...RUNNING, { type: 'done', summary: 'x' }] });
  await here.session('other', { events: [...RUNNING, ASKING], lease: { released: true, supervisor: 'x' } });
  await here.session('old', { events: [...RUNNING, ASKING] });
  const scan = new Scan(here.supervisor);
  here.supervisor.clock.nowMs = Date.now() + 31 * DAY_MS;
  await scan.run();
  expect(scan.hasReason()).toBe(false);
  here.supervisor.clock.nowMs = Date.now() + 29 * DAY_MS;
  expect(scan.hasReason()).toBe(true);
});

test('a watched pull request is a reason to stay however old it is, and a closed one for 14 days', async () => {
  await using here = await scene();
  const change = { url: 'https://github.com/o/r/pull/1', state: 'open', watched: true } as const;
  const about = { by: { channel: 'settings' }, repository: 'github.com/o/r', number: 1 } as const;
  const opened: NewEvent = { type: 'pull_request_changed', ...about, change };
  const closed: NewEvent = { type: 'pull_request_changed', ...about, change: { state: 'closed' } };
  const events = [...RUNNING, { type: 'done', summary: 'x' } as const, opened];
  const { clock } = here.supervisor;
  const paths = await here.session('done', { events });
  const scan = new Scan(here.supervisor);
  clock.nowMs = Date.now() + 31 * DAY_MS;
  await scan.run();
  expect(scan.hasReason()).toBe(true);
  await appendFile(
    paths.events,
    eventLines([...events, closed])
      .split('\n')
      .slice(events.length)
      .join('\n'),
  );
  clock.nowMs = START_MS + 13 * DAY_MS;
  await scan.run();
  expect(scan.hasReason()).toBe(true);
  clock.nowMs = START_MS + 15 * DAY_MS;
  expect(scan.hasReason()).toBe(false);
});

test('SAMOCODE_REVIVE=off continues no crashed sessions but still takes commands', async () => {
  await using here = await scene({ revives: false });
  await here.session('crashed', CRASHED);
  const paths = await here.session('s', { events: [...RUNNING, ASKING] });
  await leaveCommandFile(paths, '01KEE000000000000000000001');
  const scan = new Scan(here.supervisor);
  await startsWithin(here, scan, 2000);
  expect(here.started()).toEqual(['s']);
});

test('a limit ends by the wall clock, even after the machine slept', async () => {
  await using here = await scene();
  const limited = (until: number, guessed: boolean): NewEvent[] => [
    ...RUNNING,
    { type: 'limited', until, guessed, provider: 'claude' },
  ];
  const { clock } = here.supervisor;
  await here.session('stated', { events: limited(START_MS + 8 * 60 * MINUTE_MS, false) });
  await here.session('guessed', { events: limited(START_MS + 30 * MINUTE_MS, true) });
  const scan = new Scan(here.supervisor);
  await scan.run();
  // One day back: a guessed limit lasts no longer for it.
  clock.nowMs -= DAY_MS;
  clock.monotonicMs += 31 * MINUTE_MS;
  await scan.run();
  expect(here.started()).toEqual(['guessed']);
  clock.nowMs += DAY_MS + 8 * 60 * MINUTE_MS;
  await scan.run();
  expect(here.started()).toEqual(['guessed', 'stated']);
});

test('a session that waits for a kept window asks again every 15 minutes, however short-lived its workers are', async () => {
  await using here = await scene();
  const endsAt = START_MS + 70 * MINUTE_MS;
  const kept = [{ provider: 'claude', window: '5h' as const, used: 0.85, endsAt, keep: 20 }];
  const limited: NewEvent = { type: 'limited', until: endsAt, guessed: false, provider: 'claude', kept };
  await here.session('s', { events: [...RUNNING, limited] });
  const scan = new Scan(here.supervisor);
  const times = await startsWithin(here, scan, 62 * MINUTE_MS, 10_000);
  expect(times.map((ms) => ms / MINUTE_MS)).toEqual([15, 30, 45, 60]);
  expect([...scan.sessions.values()].map(({ isDying }) => isDying)).toEqual([false]);
});

test('a changed session is read again, whatever its clock says', async () => {
  await using here = await scene();
  const paths = await here.session('s', { events: [...RUNNING, ASKING] });
  const scan = new Scan(here.supervisor);
  await scan.run();
  const more = eventLines([...RUNNING, ASKING, { type: 'done', summary: 'x' }])
    .split('\n')
    .slice(3)
    .join('\n');
  await appendFile(paths.events, more);
  here.supervisor.clock.nowMs -= DAY_MS;
  await scan.run();
  expect(scan.hasReason()).toBe(false);
});

async function leaveCommandFile({ commands }: SessionPaths, id: string): Promise<void> {
  await mkdir(commands, { recursive: true });
  const command = { v: 1, id, kind: 'stop', when: 'now', by: { channel: 'cli' }, at: '2026-01-08T10:00:00Z' };
  await writeFile(join(commands, `${id}.json`), JSON.stringify(command));
}
