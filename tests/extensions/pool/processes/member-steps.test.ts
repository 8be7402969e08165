import { writeFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { GitRemote, POOL_REFS, sessionRef } from '../../../../src/extensions/pool/board/git-remote.ts';
import { RemoteBoard } from '../../../../src/extensions/pool/board/remote-board.ts';
import { Member } from '../../../../src/extensions/pool/membership/member.ts';
import { type MemberParts, POOL_TIMES } from '../../../../src/extensions/pool/membership/member-parts.ts';
import { FirstOffers } from '../../../../src/extensions/pool/membership/offer-first.ts';
import { CommandInbox } from '../../../../src/extensions/pool/membership/remote-commands.ts';
import { fetchState } from '../../../../src/extensions/pool/membership/session-copies.ts';
import { writeOwnership } from '../../../../src/extensions/pool/states/ownership-record.ts';
import { PoolStates } from '../../../../src/extensions/pool/states/pool-states.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { hostOf } from '../../../support/board-contract.ts';
import { type PoolScene, poolScene } from '../../../support/pool-scene.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { remoteBoards } from './remote-boards.ts';

const QUIET = {
  status: { looked: () => {}, saw: () => {}, holds: () => {}, write: () => {} },
  say: () => {},
  readAgain: async () => undefined,
  report: (what: string, error: unknown) => expect.fail(`${what}: ${error}`),
};

/** A member in one repository of the scene, whose remote does not respond. */
function cutOff({ configDir, list, here }: PoolScene, cwd: string, clock = systemClock) {
  const git = { cwd, baseEnv: here.repo.env };
  const hostInfo = hostOf(0, []);
  const states = new PoolStates({
    folder: configDir,
    lists: { kept: async () => list },
    git,
    hostInfo,
    clock,
  });
  const remote = new GitRemote({ url: '/nowhere.git', prefix: POOL_REFS, git, limitMs: 30_000 });
  const board = new RemoteBoard({ ...states.signing, remote, git, clock });
  const place = { mainRepo: cwd, sessionsDir: '', worktreesDir: '', configPath: '' };
  return { git, hostInfo, states, remote, board, place, clock, times: POOL_TIMES.remote };
}

test('while the remote does not respond, a new session is offered at the interval of renewals', async () => {
  await using scene = await poolScene();
  const { repo } = scene.here;
  const clock = new HandClock();
  const parts = cutOff(scene, repo.path, clock);
  const [view] = await readAllSessions(`${repo.path}/_samocode/sessions`, await systemHost());
  if (view === undefined) throw new Error('There is no session.');
  const offers = new FirstOffers();
  const objects = () => repo.git(['count-objects']);
  await expect(offers.offer(view, parts)).rejects.toThrow();
  const before = await objects();
  clock.pass(parts.times.renewMs - 1);
  expect(await offers.offer(view, parts)).toBeUndefined();
  expect(await objects()).toBe(before);
  clock.pass(1);
  await expect(offers.offer(view, parts)).rejects.toThrow();
});

test('a state that was just fetched is not fetched again', async () => {
  await using scene = await poolScene();
  const commit = await scene.publish();
  const parts = cutOff(scene, scene.mainRepo);
  const { id } = sessionFileSample();
  expect(await fetchState(id, parts, commit)).toMatchObject({ commit });
  await expect(fetchState(id, parts)).rejects.toThrow();
});

test('a command that this version does not know is reported once, and waits for a newer version', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const session = await rig.offer(a);
  const [claim] = await a.claim(1);
  const id = ulid();
  await a.board.act(session, id, '{"kind":"of a newer version"}');
  const reports: unknown[] = [];
  const report = (_: string, error: unknown) => void reports.push(error);
  const place = { mainRepo: '', sessionsDir: '', worktreesDir: '', configPath: '' };
  const where = { env: {}, home: '', cwd: '', programs: { worker: '', rehearsal: '' } };
  const by = { channel: 'cli' } as const;
  const context = { clock: systemClock, host: await systemHost(), by, ...where };
  const parts = { board: a.board, hostInfo: a.host, context, place, report, wake: async () => undefined };
  const delivered = new CommandInbox(parts);
  const held = { id: session, epoch: claim?.epoch ?? 0, folder: 'hull', published: '', sinceMs: 0 };
  for (const _ of [1, 2]) {
    const { acts } = await a.board.renew(a.host);
    expect(acts).toMatchObject([{ id }]);
    for (const act of acts) await delivered.deliver(act, held);
  }
  expect(reports).toMatchObject([{ code: 'act_unknown' }]);
});

test('a remote that does not respond to a look at the members delays no renewal', {
  timeout: 20_000,
}, async () => {
  await using rig = await remoteBoards();
  const { board, host: hostInfo } = await rig.join();
  const ended = new AbortController();
  const member = { id: hostInfo.id, name: 'anna', publicKey: '', by: hostInfo.id };
  let renewals = 0;
  const looked = () => {
    renewals += 1;
    ended.abort();
  };
  const parts = {
    ...{ board, hostInfo, clock: systemClock, slots: 0, isLeaving: false, poolDays: 30 },
    place: { mainRepo: '', sessionsDir: '', worktreesDir: '', configPath: '' },
    lists: { kept: async () => ({ members: [member], removed: [] }), look: () => new Promise(() => {}) },
    times: { ...POOL_TIMES.remote, renewMs: 10, scanMs: 10 },
    ...QUIET,
    status: { ...QUIET.status, looked },
  } as unknown as MemberParts;
  await new Member(parts).run(() => [], ended.signal).catch(() => undefined);
  expect(renewals).toBe(1);
});

test('a state that git has packed is published like any other', async () => {
  await using scene = await poolScene();
  const commit = await scene.publish();
  const { id } = sessionFileSample();
  const [view] = await readAllSessions(`${scene.here.repo.path}/_samocode/sessions`, await systemHost());
  if (view === undefined) throw new Error('There is no session.');
  writeOwnership(view.paths, { id, epoch: 1, published: commit, host: 'anna' });
  await writeFile(view.paths.poolKept, '1');
  await scene.here.repo.git(['pack-refs', '--all']);
  const ended = new AbortController();
  const { states, hostInfo, ...parts } = cutOff(scene, scene.here.repo.path);
  const claimed = { id, epoch: 1, folder: view.folder, project: '', needs: [], state: commit };
  const moved: string[] = [];
  const remote = {
    list: async () => new Map([[sessionRef(id), commit]]),
    move: async (_: string, to: string) => {
      moved.push(to);
      ended.abort();
      return 'moved';
    },
  };
  const renewed = { held: new Map([[id, 1]]), acts: [], entries: [claimed] };
  const board = {
    renew: async () => renewed,
    claim: async () => [],
    hosts: async () => [],
    index: async () => true,
    changed: (ms: number, signal: AbortSignal) => systemClock.sleep(ms, signal),
  };
  const told = { ...QUIET, slots: 0, isLeaving: false, poolDays: 30, host: await systemHost() };
  const member = new Member({
    ...{ ...parts, ...told, hostInfo, states, remote, board },
    place: { ...parts.place, sessionsDir: view.paths.sessionsDir },
    lists: {
      kept: async () => ({ ...scene.list, members: [{ ...scene.list.members[0], id: hostInfo.id }] }),
      look: async () => true,
    },
    times: { ...POOL_TIMES.remote, renewMs: 20, scanMs: 10 },
  } as unknown as MemberParts);
  await member
    .run(() => [view], AbortSignal.any([ended.signal, AbortSignal.timeout(15_000)]))
    .catch(() => undefined);
  expect(moved).toHaveLength(1);
});
