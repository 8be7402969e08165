import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { runRoot, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import type { Entry } from '../../../../src/extensions/pool/board/board.ts';
import {
  GitRemote,
  POOL_REFS,
  parcelRef,
  sessionRef,
} from '../../../../src/extensions/pool/board/git-remote.ts';
import { DailyPrune } from '../../../../src/extensions/pool/membership/daily-prune.ts';
import type { MemberParts } from '../../../../src/extensions/pool/membership/member-parts.ts';
import { readPoolStatus, StatusFile } from '../../../../src/extensions/pool/membership/pool-status.ts';
import { type PruneParts, pruneSessions } from '../../../../src/extensions/pool/membership/prune.act.ts';
import { writeOwnership } from '../../../../src/extensions/pool/states/ownership-record.ts';
import { ARCHIVED, CREATED, DONE, LEFT, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { contentsOf, FOLDER } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';
import { poolScene } from '../../../support/pool-scene.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const DAY_MS = 24 * 60 * 60_000;
const ID = sessionFileSample().id;
const COPY_REF = sessionRef(ID);
const OVER: NewEvent[] = [CREATED, PREPARED, DONE, ARCHIVED, LEFT];

/** Two machines of a pool: `own` has a session, and `other` a copy of it. */
async function twoMachines(events: readonly NewEvent[] = OVER) {
  const scene = await poolScene();
  const { repo } = scene.here;
  const url = join(repo.root, 'pool.git');
  await repo.git(['init', '--quiet', '--bare', url], repo.root);
  const sessionsDir = join(repo.path, '_samocode/sessions');
  const paths = sessionPaths(sessionsDir, FOLDER);
  await writeEvents(paths, events, undefined, { mainRepo: repo.path, pool: true });
  const commit = await scene.publish();
  const ref = parcelRef(ID, commit);
  await scene.git('push', '--quiet', url, `${commit}:${ref}`);
  await scene.mirror();
  writeOwnership(paths, { id: ID, epoch: 3, published: commit, host: 'anna' });
  const host = await systemHost();
  // What the database has.
  const rows = new Map<string, Entry>();
  const row = { id: ID, project: '', folder: FOLDER, needs: [], wanted: false, epoch: 3, host: 'host-a' };
  rows.set(ID, { ...row, state: commit, author: 'host-a' });
  const board = {
    read: async (id: string) => rows.get(id),
    forget: async (ids: readonly string[]) => ids.filter((id) => rows.delete(id)),
  };
  const machine = (id: string, mainRepo: string, sessions: string) => {
    const git = { cwd: mainRepo, baseEnv: repo.env };
    const parts: PruneParts = {
      ...{ host, git, board, poolDays: 14, hostInfo: { id } },
      remote: new GitRemote({ url, prefix: POOL_REFS, git, limitMs: 30_000 }),
      clock: { ...systemClock, now: () => systemClock.now() + 15 * DAY_MS },
    };
    return {
      sessions,
      async prune(change: Partial<PruneParts> = {}, dryRun = false) {
        const views = await readAllSessions(sessions, host);
        return await pruneSessions(views, { ...parts, ...change }, { dryRun });
      },
      member: (change: Pick<MemberParts, 'clock' | 'status'>) =>
        new DailyPrune({
          ...parts,
          say: () => undefined,
          place: { mainRepo },
          ...change,
        } as unknown as MemberParts),
      views: () => readAllSessions(sessions, host),
      refs: () => repo.git(['for-each-ref', '--format=%(refname) %(objectname)'], mainRepo),
    };
  };
  return {
    scene,
    url,
    paths,
    ...{ commit, ref, rows },
    own: machine('host-a', repo.path, sessionsDir),
    other: machine('host-b', scene.mainRepo, scene.there.sessionsDir),
    remoteRefs: () => repo.git(['for-each-ref', '--format=%(refname)'], url),
    push: (what: string) => repo.git(['push', '--quiet', '--force', url, what]),
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}
type Machines = Awaited<ReturnType<typeof twoMachines>>;

const SESSION = { session: FOLDER, what: 'session', ending: 'archived' };
const COPY = { ...SESSION, what: 'copy' };

async function allOf({ own, other, remoteRefs }: Machines) {
  const files = [await contentsOf(own.sessions), await contentsOf(other.sessions)];
  return { files, refs: [await own.refs(), await other.refs(), await remoteRefs()] };
}

test('the machine that has a session removes it from the pool, and the other its copy', ci, async () => {
  await using machines = await twoMachines();
  const { own, other, rows, remoteRefs } = machines;
  const before = await contentsOf(own.sessions);
  const all = await allOf(machines);
  expect((await own.prune({}, true)).pruned).toEqual([SESSION]);
  expect((await other.prune({}, true)).pruned).toEqual([COPY]);
  expect(await allOf(machines)).toEqual(all);

  expect(await own.prune()).toEqual({ days: 14, pruned: [SESSION], kept: [] });
  expect(rows.size).toBe(0);
  expect(await remoteRefs()).toBe('');
  const after = await contentsOf(own.sessions);
  expect(after).toEqual(
    Object.fromEntries(Object.entries(before).filter(([name]) => !name.endsWith('/.pool.json'))),
  );
  expect((await own.views()).map(({ worker, folder }) => [folder, worker])).toEqual([[FOLDER, 'none']]);

  expect((await other.prune()).pruned).toEqual([COPY]);
  expect(await other.views()).toEqual([]);
  expect(await readdir(runRoot(other.sessions))).toEqual(['.sessions']);
  expect(await other.refs()).not.toContain(POOL_REFS);
  expect([await own.prune(), await other.prune()]).toMatchObject([{ pruned: [] }, { pruned: [] }]);
});

test('a member prunes once a day, and records each hour what its copies take up', ci, async () => {
  await using machines = await twoMachines([CREATED, PREPARED, DONE]);
  const { other, own } = machines;
  const clock = new HandClock();
  const path = join(machines.url, '../status.json');
  const status = new StatusFile(path, clock);
  const member = other.member({ clock, status });
  const disk = async () => {
    await member.step(await other.views());
    status.write();
    return (await readPoolStatus(path))?.disk;
  };
  const first = await disk();
  expect(first).toMatchObject({ copies: 1 });
  expect(first?.bytes).toBeGreaterThan(1000);
  const endsAfter = async (ms: number) => {
    clock.monotonicMs += ms - 1;
    await disk();
    expect(await other.views()).toHaveLength(1);
    clock.monotonicMs += 1;
  };
  await endsAfter(10 * 60_000);
  await disk();
  clock.nowMs = systemClock.now() + 15 * DAY_MS;
  await endsAfter(DAY_MS);
  await disk();
  expect(await other.views()).toEqual([]);
  expect(await own.views()).toHaveLength(1);
});

test('a member that starts prunes ten minutes later, after it has published its sessions again', async () => {
  await using machines = await twoMachines();
  const { own, ref, remoteRefs } = machines;
  const clock = new HandClock();
  clock.nowMs = systemClock.now() + 15 * DAY_MS;
  const status = new StatusFile(join(machines.url, '../status.json'), clock);
  const member = own.member({ clock, status });
  const refsAfter = async (ms: number) => {
    clock.monotonicMs += ms;
    await member.step(await own.views());
    return await remoteRefs();
  };
  expect([await refsAfter(0), await refsAfter(10 * 60_000 - 1)]).toEqual([ref, ref]);
  expect(await refsAfter(1)).toBe('');
});

test('one day before POOL_DAYS, and for a session of the future, nothing is removed', async () => {
  await using machines = await twoMachines();
  const { own, other } = machines;
  const all = await allOf(machines);
  for (const days of [13, -15]) {
    const clock = { ...systemClock, now: () => systemClock.now() + days * DAY_MS };
    expect((await own.prune({ clock })).pruned).toEqual([]);
    expect((await other.prune({ clock })).pruned).toEqual([]);
  }
  expect(await allOf(machines)).toEqual(all);
});

test('a copy of a session that is not over stays, although the session has left the pool', async () => {
  await using machines = await twoMachines([CREATED, PREPARED]);
  const { other, rows } = machines;
  rows.clear();
  expect((await other.prune()).pruned).toEqual([]);
  expect(await other.views()).toHaveLength(1);
});

test('a copy is removed although its session is in the pool, unless that has a newer state', async () => {
  await using machines = await twoMachines();
  const { other, scene, paths, rows, ref, remoteRefs } = machines;
  await rm(paths.ownership);
  const newer = await scene.publish();
  rows.set(ID, { ...(rows.get(ID) as Entry), state: newer });
  expect((await other.prune()).pruned).toEqual([]);
  await scene.mirror();
  expect((await other.prune()).pruned).toEqual([COPY]);
  expect(await remoteRefs()).toBe(ref);
});

test.each([
  ['has', { host: 'host-b', epoch: 4 }],
  ['had last', { host: undefined, state: '2'.repeat(40) }],
])('a session that another machine %s stays in the pool', async (_, change) => {
  await using machines = await twoMachines();
  const { own, rows, ref, remoteRefs } = machines;
  rows.set(ID, { ...(rows.get(ID) as Entry), ...change });
  expect(await own.prune()).toMatchObject({ pruned: [], kept: [] });
  expect(await remoteRefs()).toBe(ref);
});

test('of two calls at once each leaves nothing behind, and a third finds nothing', async () => {
  await using machines = await twoMachines();
  const { own, remoteRefs } = machines;
  const both = await Promise.all([own.prune(), own.prune()]);
  expect(both.flatMap(({ pruned }) => pruned).length).toBeGreaterThan(0);
  expect((await own.prune()).pruned).toEqual([]);
  expect(await remoteRefs()).toBe('');
});

test('a call that was interrupted after the database was told is completed by the next', async () => {
  await using machines = await twoMachines();
  const { own, rows, ref, url, scene, remoteRefs } = machines;
  const git = { cwd: scene.here.repo.path, baseEnv: scene.here.repo.env };
  const remote = new GitRemote({ url, prefix: POOL_REFS, git, limitMs: 30_000 });
  remote.move = async () => {
    throw new Error('The connection was closed.');
  };
  expect((await own.prune({ remote })).kept).toEqual([
    { session: FOLDER, why: 'Error: The connection was closed.' },
  ]);
  expect([await remoteRefs(), rows.size]).toEqual([ref, 0]);
  expect((await own.prune()).pruned).toEqual([SESSION]);
  expect(await remoteRefs()).toBe('');
});

test('an act that waits keeps a session in the pool, and an edited document keeps its copy', async () => {
  await using archived = await twoMachines();
  const { own, other, rows } = archived;
  rows.set(ID, { ...(rows.get(ID) as Entry), wanted: true });
  expect((await own.prune()).kept).toMatchObject([{ why: expect.stringContaining('act') }]);
  rows.set(ID, { ...(rows.get(ID) as Entry), wanted: false });
  // One that arrives in the meantime.
  const board = { read: async (id: string) => rows.get(id), forget: async () => [] };
  expect((await own.prune({ board })).kept).toMatchObject([{ why: expect.stringContaining('act') }]);
  await appendFile(join(other.sessions, '_archive', FOLDER, '_overview.md'), 'My remark\n');
  expect((await other.prune()).kept).toMatchObject([{ why: expect.stringContaining('edited') }]);
});

test('the copies of other sessions keep their objects', async () => {
  await using machines = await twoMachines();
  const { other, scene, commit } = machines;
  const later = sessionRef('01KB0000000000000000000000');
  await scene.git('update-ref', later, commit);
  expect((await other.prune()).pruned).toEqual([COPY]);
  expect(await other.refs()).toContain(later);
  expect(await other.refs()).not.toContain(COPY_REF);
});

test('a done session leaves the pool once its branch is on the remote of the project', async () => {
  const worktree = { path: '/x', branch: 'x', base: 'main', baseCommit: '1'.repeat(40) };
  await using machines = await twoMachines([CREATED, { ...PREPARED, worktree } as NewEvent, DONE]);
  const { own, scene } = machines;
  const { repo } = scene.here;
  expect((await own.prune()).kept).toMatchObject([{ why: expect.stringContaining('no remote') }]);
  const origin = join(repo.root, 'origin.git');
  await repo.git(['init', '--quiet', '--bare', origin], repo.root);
  await repo.git(['remote', 'add', 'origin', origin]);
  expect((await own.prune()).kept).toMatchObject([{ why: expect.stringContaining('push it') }]);
  await repo.git(['push', '--quiet', 'origin', 'x']);
  await writeFile(join(scene.here.worktreePath, 'later.txt'), 'later\n');
  await repo.git(['add', '-A'], scene.here.worktreePath);
  await repo.git(['commit', '-q', '-m', 'Later'], scene.here.worktreePath);
  expect((await own.prune()).kept).toMatchObject([{ why: expect.stringContaining('push it') }]);
  await repo.git(['push', '--quiet', 'origin', 'x']);
  expect((await own.prune()).pruned).toEqual([{ ...SESSION, ending: 'done' }]);
});

test('a remote that does not respond removes nothing', async () => {
  await using machines = await twoMachines();
  const { own, other, scene } = machines;
  const all = await allOf(machines);
  const git = { cwd: scene.mainRepo, baseEnv: scene.here.repo.env };
  const remote = new GitRemote({ url: '/nowhere.git', prefix: POOL_REFS, git, limitMs: 30_000 });
  await expect(own.prune({ remote })).rejects.toThrow();
  await expect(other.prune({ remote })).rejects.toThrow();
  expect(await allOf(machines)).toEqual(all);
});
