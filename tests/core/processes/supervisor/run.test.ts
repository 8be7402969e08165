// @module-tag ci
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { isSamocodeError } from '../../../../src/core/kernel/errors.ts';
import type { WatchPath } from '../../../../src/core/kernel/files/watcher.ts';
import { acquireLease, type OwnedLease } from '../../../../src/core/kernel/processes/lease.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { askToLeave } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { readPresence } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { type RunOptions, runSupervisor, type SupervisorEnd } from '../../../../src/core/supervisor/run.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { eventually } from '../../../support/eventually.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';
import { ASKING, CREATED, DONE, eventLines, PREPARED } from '../../unit/session/events.ts';
import { MINUTE_MS, type Scene, SimulatedClock, scene, sceneWith } from '../../unit/supervisor/scene.ts';

const WAITS: NewEvent[] = [CREATED, PREPARED, ASKING];
const DAY_MS = 24 * 60 * MINUTE_MS;

const simulated = (): Promise<Scene<SimulatedClock>> => sceneWith(new SimulatedClock());

/** Runs it for at most `ms`. @returns how it ended, and when */
async function run(
  { supervisor }: Scene<SimulatedClock>,
  options: Partial<RunOptions> & { ms?: number } = {},
): Promise<{ end: SupervisorEnd; afterMs: number }> {
  const { clock } = supervisor;
  const ended = new AbortController();
  clock.after(options.ms ?? DAY_MS, () => ended.abort());
  const begun = clock.monotonic();
  const end = await runSupervisor(supervisor, { signal: ended.signal, ...options });
  return { end, afterMs: clock.monotonic() - begun };
}

test('it leaves ten minutes after its last reason to stay, but not while a session waits', async () => {
  await using here = await simulated();
  const { events } = await here.session('s', { events: WAITS });
  const { clock, paths, host } = here.supervisor;
  clock.nowMs = Date.now();
  clock.after(30 * MINUTE_MS, () => writeFile(events, eventLines([...WAITS, DONE])));
  const { end, afterMs } = await run(here);
  expect(end).toBe('nothing_to_watch');
  expect(Math.round(afterMs / MINUTE_MS)).toBe(40);
  expect(await readPresence(paths, host)).toEqual({ kind: 'none' });
});

test('SAMOCODE_SUPERVISOR_MINUTES sets how long it stays, and one started to stay does not leave, as its file says', async () => {
  await using here = await simulated();
  Object.assign(here.supervisor, { env: { SAMOCODE_SUPERVISOR_MINUTES: '3' } });
  const { afterMs } = await run(here);
  expect(Math.round(afterMs / MINUTE_MS)).toBe(3);
  const stays = async () => JSON.parse(await readFile(here.supervisor.paths.about, 'utf8')).stays;
  expect(await stays()).toBeUndefined();
  expect(await run(here, { stays: true, ms: 10 * MINUTE_MS })).toMatchObject({ end: 'ended' });
  expect(await stays()).toBe(true);
});

test('while a session works and waits, the disk is waited for with its lease and with what is to be sent alone', async () => {
  await using here = await simulated();
  const { events } = await here.session('s', { events: [CREATED, PREPARED] });
  const { clock, paths } = here.supervisor;
  clock.after(MINUTE_MS, () => writeFile(events, eventLines(WAITS)));
  using counter = new EffectCounter('supervisor');
  await run(here, { ms: 3 * MINUTE_MS });
  expect(JSON.parse(await readFile(paths.now, 'utf8')).sessions).toMatchObject([{ state: 'waiting' }]);
  const drafts = counter
    .list('supervisor')
    .flatMap((line) => /^sync (.*)\.\w{12}\.draft$/.exec(line)?.[1] ?? []);
  const others = drafts.filter((path) => dirname(path) !== paths.leases);
  // When it is made, and for the news.
  expect(others.map((path) => basename(path))).toEqual(['.outbox.json', '.outbox.json']);
});

test('a second supervisor leaves at once', async () => {
  await using here = await simulated();
  const { paths, clock, host } = here.supervisor;
  await using _first = await acquireLease(paths.leases, { clock, host });
  expect(await run(here)).toEqual({ end: 'held', afterMs: 0 });
});

test('it leaves for a newer version, but not for the same or an older one', async () => {
  await using here = await simulated();
  const { paths, clock } = here.supervisor;
  clock.after(MINUTE_MS, () => askToLeave(paths, '0.0.0'));
  clock.after(2 * MINUTE_MS, () => askToLeave(paths, 'no version'));
  clock.after(3 * MINUTE_MS, () => askToLeave(paths, '0.0.1'));
  const { end, afterMs } = await run(here, { stays: true });
  expect(end).toBe('asked_to_leave');
  expect(Math.floor(afterMs / MINUTE_MS)).toBe(3);
});

test('a newer one waits longer than the longest gap between two scans of the older one', async () => {
  await using here = await simulated();
  const { paths, clock, host } = here.supervisor;
  const older = await acquireLease(paths.leases, { clock, host });
  await askToLeave(paths, '0.0.0-test');
  clock.after(65_000, () => older.release());
  expect(await run(here)).toMatchObject({ end: 'nothing_to_watch' });
  expect(existsSync(paths.leave)).toBe(false);
});

test('a supervisor whose program was replaced starts the new one, and stays while the file is missing', async () => {
  await using here = await simulated();
  const { programs, clock } = here.supervisor;
  const proof = join(here.root, 'successor');
  await writeFile(programs.supervisor, '');
  clock.after(MINUTE_MS, () => rm(programs.supervisor));
  clock.after(2 * MINUTE_MS, () =>
    writeFile(programs.supervisor, `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '')`),
  );
  const { end, afterMs } = await run(here, { stays: true });
  expect(end).toBe('program_replaced');
  expect(Math.floor(afterMs / MINUTE_MS)).toBe(2);
  await eventually(async () => existsSync(proof), { what: 'the successor' });
});

test('a supervisor whose folder is removed keeps its lease and its watches', async () => {
  await using here = await simulated();
  const { paths, clock, host, home } = here.supervisor;
  const { qa } = await here.session('s', { events: WAITS });
  clock.nowMs = Date.now();
  clock.after(5 * MINUTE_MS, () => rm(join(home, '.config'), { recursive: true }));
  let presence: unknown;
  clock.after(6 * MINUTE_MS, async () => {
    presence = await readPresence(paths, host);
  });
  expect(await run(here, { ms: 20 * MINUTE_MS })).toMatchObject({ end: 'ended' });
  expect(presence).toMatchObject({ kind: 'watching' });
  expect(existsSync(qa)).toBe(false);
});

test('a supervisor whose home folder is gone ends without creating it again', async () => {
  await using here = await simulated();
  const { clock, home } = here.supervisor;
  await here.session('s', { events: WAITS });
  clock.nowMs = Date.now();
  clock.after(5 * MINUTE_MS, () => rm(home, { recursive: true }));
  expect(await run(here)).toMatchObject({ end: 'lost' });
  expect(existsSync(home)).toBe(false);
});

test('a supervisor that lost its lease ends', async () => {
  await using here = await simulated();
  const { paths, clock } = here.supervisor;
  const other = hostWith([], { processes: hostWith([entryOf(process.pid, { startTicks: 'x' })]).processes });
  clock.after(MINUTE_MS, () => acquireLease(paths.leases, { clock, host: other, takeUnknowable: true }));
  expect(await run(here, { stays: true })).toMatchObject({ end: 'lost' });
});

/** A watcher that reports only the events of `act`. */
function watcherThat(act: (watcher: EventEmitter, path: string) => void = () => undefined): WatchPath {
  return (path) => {
    const watcher = new EventEmitter();
    act(watcher, path);
    return Object.assign(watcher, { close: async () => undefined }) as never;
  };
}

const refused = (code: string): WatchPath =>
  watcherThat((watcher) => {
    queueMicrotask(() => watcher.emit('error', Object.assign(new Error(code), { code })));
  });

test.each([
  ['reports nothing', watcherThat(), 12_000],
  ['is refused (ENOSPC)', refused('ENOSPC'), 3000],
  ['is refused (EMFILE)', refused('EMFILE'), 3000],
])('if watching %s, changes are still found', async (_, watchPath, withinMs) => {
  await using here = await simulated();
  const { clock } = here.supervisor;
  const { overview } = await here.session('s', { events: WAITS });
  clock.nowMs = Date.now();
  const line = '# Session: x\n\n## Status\nPhase: implementation\n';
  clock.after(MINUTE_MS, () => writeFile(overview, line));
  let before = -1;
  clock.after(MINUTE_MS - 1, () => {
    before = here.started().length;
  });
  await run(here, { watchPath, ms: MINUTE_MS + withinMs });
  expect([before, here.started().length > 0]).toEqual([0, true]);
});

test('a session that begins to wait is watched at once', async () => {
  await using here = await simulated();
  const { clock, paths } = here.supervisor;
  clock.nowMs = Date.now();
  const watched: Array<{ path: string; atMs: number }> = [];
  const begun = clock.monotonic();
  const watchPath = watcherThat((watcher, path) => {
    watched.push({ path, atMs: clock.monotonic() - begun });
    if (path === paths.dir) clock.after(MINUTE_MS, () => watcher.emit('all', 'add', paths.bell));
  });
  let overview = '';
  clock.after(MINUTE_MS - 1, async () => {
    ({ overview } = await here.session('s', { events: WAITS }));
    await writeFile(overview, '');
  });
  await run(here, { watchPath, ms: 2 * MINUTE_MS });
  const { atMs = 0 } = watched.find(({ path }) => path === overview) ?? {};
  expect(Math.round(atMs / 1000)).toBe(60);
});

test('a project folder that vanishes is not a reason to stay, and is watched again when it returns', async () => {
  await using here = await simulated();
  const { clock } = here.supervisor;
  const { sessionsDir } = await here.session('s', { events: WAITS });
  const project = dirname(sessionsDir);
  clock.nowMs = Date.now();
  clock.after(15 * MINUTE_MS, () => rename(project, `${project}.away`));
  clock.after(20 * MINUTE_MS, () => rename(`${project}.away`, project));
  clock.after(30 * MINUTE_MS, () => rename(project, `${project}.away`));
  const { end, afterMs } = await run(here);
  expect(end).toBe('nothing_to_watch');
  expect(Math.round(afterMs / MINUTE_MS)).toBe(40);
});

test('now.json shows what each session waits for, and which needs a person', async () => {
  await using here = await simulated();
  const { clock, paths } = here.supervisor;
  clock.nowMs = Date.now();
  await here.session('ours', { events: WAITS });
  await here.session('other', { events: WAITS, lease: { released: true, supervisor: 'another' } });
  await here.session('elsewhere', { events: [CREATED, PREPARED], lease: { owner: 'elsewhere' } });
  await here.session('done', { events: [...WAITS, DONE] });
  await run(here, { ms: MINUTE_MS });
  const now = JSON.parse(await readFile(paths.now, 'utf8'));
  expect(now.needYou).toBe(3);
  expect(now.sessions).toMatchObject([
    { session: 'elsewhere', state: 'running', needsYou: true, person: 'unseen' },
    { session: 'other', state: 'waiting', needsYou: true, person: 'other_supervisor' },
    { session: 'ours', state: 'waiting', needsYou: true },
  ]);
});

test('it ends with the reason if its folder cannot be written', async () => {
  await using here = await simulated();
  const { paths } = here.supervisor;
  await rm(paths.dir, { recursive: true });
  await writeFile(paths.dir, 'no folder');
  const failed = await run(here).catch((error: unknown) => error);
  expect(failed instanceof Error && !isSamocodeError(failed)).toBe(true);
});

const signal = new AbortController().signal;

test('a folder at the path of leave.json does not stop the supervisor', async () => {
  await using here = await scene();
  await mkdir(here.supervisor.paths.leave);
  expect(await runSupervisor(here.supervisor, { signal })).toBe('nothing_to_watch');
});

test('a pipe that appears there later does not block', async () => {
  await using here = await scene();
  const { paths, clock } = here.supervisor;
  const { sleep } = clock;
  clock.sleep = async (ms) => {
    if (clock.monotonic() < MINUTE_MS) await runCommand('mkfifo', [paths.leave]).catch(() => undefined);
    await sleep(ms);
  };
  expect(await runSupervisor(here.supervisor, { signal })).toBe('nothing_to_watch');
});

test('a supervisor whose folder was removed leaves no lease above that of its successor', async () => {
  await using here = await scene();
  const { paths, clock, host } = here.supervisor;
  await mkdir(paths.leases, { recursive: true });
  await (await acquireLease(paths.leases, { clock, host })).release();
  const { sleep } = clock;
  let successor: OwnedLease | undefined;
  clock.sleep = async (ms) => {
    if (successor === undefined) {
      await rm(paths.leases, { recursive: true });
      successor = await acquireLease(paths.leases, { clock, host });
    }
    await sleep(ms);
  };
  expect(await runSupervisor(here.supervisor, { signal })).toBe('lost');
  await successor?.check();
});
