import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { slotsRoot } from '../../../../src/core/session/folder/slots.ts';
import { recordSpent } from '../../../../src/core/session/waits/day-spent.ts';
import { LimitedPart } from '../../../../src/core/supervisor/limited-part.ts';
import { isDaySpent, Scan, schedule } from '../../../../src/core/supervisor/scan.ts';
import { CREATED, PREPARED } from '../session/events.ts';
import { MINUTE_MS, type Scene, START_MS, scene } from './scene.ts';

const QUEUED: NewEvent[] = [CREATED, PREPARED, { type: 'queued', reason: 'full' }];

/** A session that has been queued for `age` minutes. */
async function queue(
  here: Scene,
  folder: string,
  project: string,
  age: number,
  maxParallel = 1,
): Promise<void> {
  const startMs = START_MS - age * MINUTE_MS;
  await here.session(folder, { events: QUEUED, startMs, settings: { maxParallel } }, project);
}

/** A slot held by a living session. */
async function holdSlot(here: Scene, project: string, number: number): Promise<void> {
  const leases = join(slotsRoot(join(here.root, project, 'sessions')), String(number));
  await here.lease({ leases } as Parameters<Scene['lease']>[0], { owner: 'alive' });
}

async function admitted(here: Scene): Promise<string[]> {
  const scan = new Scan(here.supervisor);
  await scan.read();
  const sessions = [...scan.sessions.values()];
  return (await schedule(sessions, sessions, here.supervisor)).map(({ view }) => view.folder);
}

async function setMachine(here: Scene, lines: string): Promise<void> {
  const path = join(here.supervisor.home, '.config/samocode/.env');
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, lines);
}

test('within a project the oldest session comes first, up to the number of slots', async () => {
  await using here = await scene();
  await queue(here, 'young', 'a', 1, 2);
  await queue(here, 'old', 'a', 3, 2);
  await queue(here, 'middle', 'a', 2, 2);
  expect(await admitted(here)).toEqual(['old', 'middle']);
  await holdSlot(here, 'a', 1);
  expect(await admitted(here)).toEqual(['old']);
});

test('the project with the fewest slots in use comes first, and a full one delays no other', async () => {
  await using here = await scene();
  await queue(here, 'a-old', 'a', 9, 3);
  await queue(here, 'a-young', 'a', 8, 3);
  await queue(here, 'b', 'b', 1, 3);
  await queue(here, 'c', 'c', 5, 1);
  await holdSlot(here, 'a', 1);
  await holdSlot(here, 'c', 1);
  await setMachine(here, 'MAX_PARALLEL_ON_MACHINE=2\n');
  expect(await admitted(here)).toEqual(['b', 'a-old']);
});

test('the limit of the machine counts the slots of all projects', async () => {
  await using here = await scene();
  await queue(here, 'a', 'a', 2, 3);
  await queue(here, 'b', 'b', 1, 3);
  await setMachine(here, 'MAX_PARALLEL_ON_MACHINE=2\n');
  const { slots } = here.supervisor.paths;
  const own = { leases: join(slots, '1') } as Parameters<Scene['lease']>[0];
  await here.lease(own, { owner: 'alive' });
  expect(await admitted(here)).toEqual(['a']);
  await here.lease({ ...own, leases: join(slots, '2') }, { owner: 'alive' });
  expect(await admitted(here)).toEqual([]);
});

test('the slot of a dead worker is free', async () => {
  await using here = await scene();
  await queue(here, 'a', 'a', 2);
  await here.lease({ leases: join(here.supervisor.paths.slots, '1') } as Parameters<Scene['lease']>[0], {});
  await setMachine(here, 'MAX_PARALLEL_ON_MACHINE=1\n');
  expect(await admitted(here)).toEqual(['a']);
});

test('while no slot is free, slots are read again once a session changes, and otherwise every ten seconds', async () => {
  await using here = await scene();
  const { clock } = here.supervisor;
  await queue(here, 'next', 'a', 1);
  const holder = await here.session(
    'holder',
    { events: [CREATED, PREPARED], lease: { owner: 'alive' } },
    'a',
  );
  await holdSlot(here, 'a', 1);
  const scan = new Scan(here.supervisor);
  await scan.run();
  clock.pass(1000);
  const slots = slotsRoot(holder.sessionsDir);
  await rename(slots, `${slots}.away`);
  await scan.run();
  expect(here.started()).toEqual([]);
  await appendFile(holder.events, '\n');
  await scan.run();
  expect(here.started()).toEqual(['next']);
  clock.pass(2000);
  await rename(`${slots}.away`, slots);
  await scan.run();
  await rename(slots, `${slots}.away`);
  clock.pass(9000);
  await scan.run();
  expect(here.started()).toEqual(['next']);
  clock.pass(1000);
  await scan.run();
  expect(here.started()).toEqual(['next', 'next']);
});

test('a project without a free slot delays no other by the time after which slots are read again', async () => {
  await using here = await scene();
  const { clock } = here.supervisor;
  await queue(here, 'other', 'b', 1);
  const scan = new Scan(here.supervisor);
  await scan.run();
  expect(here.started()).toEqual(['other']);
  await queue(here, 'next', 'a', 1);
  await holdSlot(here, 'a', 1);
  clock.pass(1000);
  await scan.run();
  clock.pass(1000);
  await scan.run();
  expect(here.started()).toEqual(['other', 'other']);
});

test('a session whose worker was just started holds a slot until the worker takes its lease', async () => {
  await using here = await scene();
  await queue(here, 'started', 'a', 2);
  await queue(here, 'next', 'a', 1);
  const scan = new Scan(here.supervisor);
  await scan.read();
  const sessions = [...scan.sessions.values()];
  const started = sessions.find(({ view }) => view.folder === 'started');
  const others = sessions.filter((session) => session !== started);
  started?.started({ kind: 'turn' }, process.pid, here.supervisor.clock);
  expect(await schedule(others, sessions, here.supervisor)).toEqual([]);
  here.supervisor.clock.pass(MINUTE_MS);
  expect(await schedule(others, sessions, here.supervisor)).toHaveLength(1);
});

test('above the limit of the day no session is admitted until midnight or until it is raised', async () => {
  await using here = await scene();
  const { supervisor } = here;
  await queue(here, 'a', 'a', 1);
  await setMachine(here, 'MAX_COST_USD_PER_DAY=5\n');
  const scan = new Scan(supervisor);
  const spent = { session: 's', iteration: 1, usd: 5 };
  await recordSpent(supervisor.paths.spent, supervisor.clock.now(), spent);
  expect(await isDaySpent(supervisor)).toBe(true);
  await scan.run();
  expect(here.started()).toEqual([]);
  await setMachine(here, 'MAX_COST_USD_PER_DAY=6\n');
  await scan.run();
  expect(here.started()).toEqual(['a']);
  await recordSpent(supervisor.paths.spent, supervisor.clock.now(), { ...spent, iteration: 2 });
  expect(await isDaySpent(supervisor)).toBe(true);
  supervisor.clock.pass(24 * 60 * MINUTE_MS);
  expect(await isDaySpent(supervisor)).toBe(false);
  await rm(supervisor.paths.spent, { recursive: true });
  await writeFile(supervisor.paths.spent, 'what was spent is not known');
  expect(await isDaySpent(supervisor)).toBe(true);
});

/** A part whose calls end once they are released. */
function waiting() {
  let release: (atMs: number) => void = () => {};
  let polls = 0;
  const reports: string[] = [];
  const part = {
    poll: () => {
      polls += 1;
      return new Promise<number>((resolve) => {
        release = resolve;
      });
    },
    keepsAlive: () => true,
    end: () => new Promise<void>(() => {}),
  };
  const report = (_what: string, error: unknown) => void reports.push(String(error));
  const limited = new LimitedPart(part, report, 20);
  return { limited, reports, polls: () => polls, release: (atMs: number) => release(atMs) };
}

test('a part that waits for a program or a machine is reported, left to itself, and polled once it is back', async () => {
  const { limited, reports, polls, release } = waiting();
  expect(await limited.poll()).toBe(Number.POSITIVE_INFINITY);
  expect(reports).toEqual(['Error: It did not end within 0.02 s; the others go first.']);
  expect(await limited.poll()).toBe(Number.POSITIVE_INFINITY);
  expect([polls(), reports.length]).toEqual([1, 1]);
  release(7);
  await expect.poll(() => limited.poll()).toBe(Number.POSITIVE_INFINITY);
  expect(polls()).toBe(2);
});

test('a part that does not end holds up no end of the supervisor', async () => {
  const { limited, reports } = waiting();
  await limited.end();
  expect(reports).toHaveLength(1);
});
