import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { runRoot, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { GitRemote, POOL_REFS } from '../../../../src/extensions/pool/board/git-remote.ts';
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
const REF = `${POOL_REFS}sessions/${ID}`;
const OVER: NewEvent[] = [CREATED, PREPARED, DONE, ARCHIVED, LEFT];

/** Two machines at a remote: `own` has a session, and `other` a copy of it. */
async function twoMachines(events: readonly NewEvent[] = OVER) {
  const scene = await poolScene();
  const { repo } = scene.here;
  const url = join(repo.root, 'pool.git');
  await repo.git(['init', '--quiet', '--bare', url], repo.root);
  const sessionsDir = join(repo.path, '_samocode/sessions');
  const paths = sessionPaths(sessionsDir, FOLDER);
  await writeEvents(paths, events, undefined, { mainRepo: repo.path, pool: true });
  const commit = await scene.publish();
  await scene.git('push', '--quiet', url, `${REF}:${REF}`);
  await scene.mirror();
  writeOwnership(paths, { id: ID, epoch: 3, published: commit, host: 'anna' });
  const host = await systemHost();
  const machine = (mainRepo: string, sessions: string) => {
    const git = { cwd: mainRepo, baseEnv: repo.env };
    const forgotten: string[] = [];
    const parts: PruneParts = {
      ...{ host, git, poolDays: 14, lists: { kept: async () => scene.list } },
      remote: new GitRemote({ url, prefix: POOL_REFS, git, limitMs: 30_000 }),
      clock: { ...systemClock, now: () => systemClock.now() + 15 * DAY_MS },
      board: { forget: async (ids) => void forgotten.push(...ids) },
    };
    return {
      forgotten,
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
    commit,
    own: machine(repo.path, sessionsDir),
    other: machine(scene.mainRepo, scene.there.sessionsDir),
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
  const { own, other, remoteRefs } = machines;
  const before = await contentsOf(own.sessions);
  const all = await allOf(machines);
  expect((await own.prune({}, true)).pruned).toEqual([SESSION]);
  expect((await other.prune({}, true)).pruned).toEqual([COPY]);
  expect(await allOf(machines)).toEqual(all);

  expect(await own.prune()).toEqual({ days: 14, pruned: [SESSION], kept: [] });
  expect(own.forgotten).toEqual([ID]);
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
  const { own, remoteRefs } = machines;
  const clock = new HandClock();
  clock.nowMs = systemClock.now() + 15 * DAY_MS;
  const status = new StatusFile(join(machines.url, '../status.json'), clock);
  const member = own.member({ clock, status });
  const refsAfter = async (ms: number) => {
    clock.monotonicMs += ms;
    await member.step(await own.views());
    return await remoteRefs();
  };
  expect([await refsAfter(0), await refsAfter(10 * 60_000 - 1)]).toEqual([REF, REF]);
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

test('a deleted ref does not remove the copy of a session that is not over', async () => {
  await using machines = await twoMachines([CREATED, PREPARED]);
  const { other, push } = machines;
  await push(`:${REF}`);
  expect((await other.prune()).pruned).toEqual([]);
  expect(await other.views()).toHaveLength(1);
});

test('a copy is removed although its ref is there, unless the ref has moved', async () => {
  await using machines = await twoMachines();
  const { other, scene, paths, push, remoteRefs } = machines;
  await rm(paths.ownership);
  const newer = await scene.publish();
  await push(`+${newer}:${REF}`);
  expect((await other.prune()).pruned).toEqual([]);
  await scene.mirror();
  expect((await other.prune()).pruned).toEqual([COPY]);
  expect(await remoteRefs()).toBe(REF);
});

test('a session that another machine has moved stays in the pool', async () => {
  await using machines = await twoMachines();
  const { own, scene, push, remoteRefs } = machines;
  await push(`+${await scene.publish()}:${REF}`);
  expect(await own.prune()).toMatchObject({ pruned: [], kept: [] });
  expect(await remoteRefs()).toBe(REF);
});

test('of two calls at once one deletes the ref, and a third finds nothing', async () => {
  await using machines = await twoMachines();
  const { own, remoteRefs } = machines;
  const both = await Promise.all([own.prune(), own.prune()]);
  expect(both.flatMap(({ pruned }) => pruned).length).toBeGreaterThan(0);
  expect((await own.prune()).pruned).toEqual([]);
  expect(await remoteRefs()).toBe('');
});

test('a call that was interrupted after the ref was deleted is completed by the next', async () => {
  await using machines = await twoMachines();
  const { own, remoteRefs } = machines;
  const forget = async () => {
    throw new Error('The connection was closed.');
  };
  const board = { forget };
  expect((await own.prune({ board })).kept).toEqual([
    { session: FOLDER, why: 'Error: The connection was closed.' },
  ]);
  expect(await remoteRefs()).toBe('');
  expect((await own.prune()).pruned).toEqual([SESSION]);
  expect(own.forgotten).toEqual([ID]);
});

test('an act that waits keeps a session in the pool, and an edited document keeps its copy', async () => {
  await using archived = await twoMachines();
  await archived.push(`${archived.commit}:${POOL_REFS}acts/${ID}/01KB0000000000000000000000`);
  expect((await archived.own.prune()).kept).toMatchObject([{ why: expect.stringContaining('act') }]);
  await appendFile(join(archived.other.sessions, '_archive', FOLDER, '_overview.md'), 'My remark\n');
  expect((await archived.other.prune()).kept).toMatchObject([{ why: expect.stringContaining('edited') }]);
});

test('an act that no member has signed leaves the pool together with its session', async () => {
  await using machines = await twoMachines();
  const { own, push, remoteRefs, scene } = machines;
  const { repo } = scene.here;
  const foreign = await repo.git(['commit-tree', '-m', 'not signed', 'HEAD^{tree}']);
  await push(`${foreign}:${POOL_REFS}acts/${ID}/01KB0000000000000000000000`);
  expect(await own.prune()).toEqual({ days: 14, pruned: [SESSION], kept: [] });
  expect(await remoteRefs()).toBe('');
});

test('the copy of a session that another machine publishes during the prune stays', async () => {
  await using machines = await twoMachines();
  const { other, push, url, scene, commit } = machines;
  const later = `${POOL_REFS}sessions/01KB0000000000000000000000`;
  const git = { cwd: scene.mainRepo, baseEnv: scene.here.repo.env };
  const remote = new GitRemote({ url, prefix: POOL_REFS, git, limitMs: 30_000 });
  const listed = remote.list.bind(remote);
  remote.list = async (...patterns) => {
    const refs = await listed(...patterns);
    await push(`${commit}:${later}`);
    await remote.fetch([later]);
    return refs;
  };
  expect((await other.prune({ remote })).pruned).toEqual([COPY]);
  expect(await other.refs()).toContain(later);
  expect(await other.refs()).not.toContain(REF);
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
