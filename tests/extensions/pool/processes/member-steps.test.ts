import { writeFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import type { Entry, RemoteCommand } from '../../../../src/extensions/pool/board/board.ts';
import { GitRemote, POOL_REFS } from '../../../../src/extensions/pool/board/git-remote.ts';
import { Member } from '../../../../src/extensions/pool/membership/member.ts';
import { type MemberParts, POOL_TIMES } from '../../../../src/extensions/pool/membership/member-parts.ts';
import { FirstOffers } from '../../../../src/extensions/pool/membership/offer-first.ts';
import { CommandInbox } from '../../../../src/extensions/pool/membership/remote-commands.ts';
import { fetchState } from '../../../../src/extensions/pool/membership/session-copies.ts';
import { readOwnership, writeOwnership } from '../../../../src/extensions/pool/states/ownership-record.ts';
import { PoolStates } from '../../../../src/extensions/pool/states/pool-states.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { hostOf } from '../../../support/board-contract.ts';
import { type PoolScene, poolScene } from '../../../support/pool-scene.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const QUIET = {
  status: { looked: () => {}, saw: () => {}, holds: () => {}, write: () => {} },
  say: () => {},
  readAgain: async () => undefined,
  report: (what: string, error: unknown) => expect.fail(`${what}: ${error}`),
};

/** A member in one repository of the scene, whose remote does not respond. */
function cutOff({ here }: PoolScene, cwd: string, clock = systemClock) {
  const git = { cwd, baseEnv: here.repo.env };
  const hostInfo = { ...hostOf(0, []), id: 'host-a' };
  const states = new PoolStates({ git, hostInfo, clock });
  const remote = new GitRemote({ url: '/nowhere.git', prefix: POOL_REFS, git, limitMs: 30_000 });
  const board = { offer: () => expect.fail('It has no state on the remote.') };
  const place = { mainRepo: cwd, sessionsDir: '', worktreesDir: '', configPath: '' };
  return { git, hostInfo, states, remote, board, place, clock, times: POOL_TIMES } as const;
}

test('while the remote does not respond, a new session is offered at the interval of renewals', async () => {
  await using scene = await poolScene();
  const { repo } = scene.here;
  const clock = new HandClock();
  const parts = cutOff(scene, repo.path, clock) as unknown as MemberParts;
  const [view] = await readAllSessions(`${repo.path}/_samocode/sessions`, await systemHost());
  if (view === undefined) throw new Error('There is no session.');
  const offers = new FirstOffers();
  const objects = () => repo.git(['count-objects']);
  expect(await offers.offer(view, parts)).toBeUndefined();
  const before = await objects();
  clock.pass(parts.times.renewMs - 1);
  expect(await offers.offer(view, parts)).toBeUndefined();
  expect(await objects()).toBe(before);
  clock.pass(1);
  await offers.offer(view, parts);
  expect(await objects()).not.toBe(before);
});

test('a state that was just fetched is not fetched again', async () => {
  await using scene = await poolScene();
  const state = await scene.publish();
  const parts = cutOff(scene, scene.mainRepo);
  const { id } = sessionFileSample();
  expect(await fetchState({ id, state, author: 'host-a' }, parts)).toMatchObject({ commit: state });
  await expect(fetchState({ id, state: 'a'.repeat(40), author: 'host-a' }, parts)).rejects.toThrow();
});

test.each([
  [sessionFileSample().id, '--output=/nowhere'],
  [sessionFileSample().id, 'refs/heads/main'],
  ['../../heads/main', 'a'.repeat(40)],
])('a row that names the session %s with the state %s reaches no git', async (id, state) => {
  await using scene = await poolScene();
  const parts = cutOff(scene, scene.mainRepo);
  const remote = { fetch: () => expect.fail('It was fetched.') } as unknown as GitRemote;
  const malformed = { code: 'state_malformed', message: expect.stringContaining('names no commit') };
  await expect(fetchState({ id, state, author: 'host-a' }, { ...parts, remote })).rejects.toMatchObject(
    malformed,
  );
});

test('a command that this version does not know is reported once, and waits for a newer version', async () => {
  const session = ulid();
  const act: RemoteCommand = {
    ...{ id: ulid(), session, person: 'bert', machine: 'bert' },
    command: '{"kind":"of a newer version"}',
  };
  const reports: unknown[] = [];
  const report = (_: string, error: unknown) => void reports.push(error);
  const place = { mainRepo: '', sessionsDir: '', worktreesDir: '', configPath: '' };
  const where = { env: {}, home: '', cwd: '', programs: { worker: '', rehearsal: '' } };
  const by = { channel: 'cli' } as const;
  const context = { clock: systemClock, host: await systemHost(), by, ...where };
  const board = { settle: () => expect.fail('It was settled.') };
  const parts = { board, hostInfo: hostOf(0, []), context, place, report, wake: async () => undefined };
  const delivered = new CommandInbox(parts);
  const held = { id: session, epoch: 1, folder: 'hull', published: '', sinceMs: 0 };
  for (const _ of [1, 2]) await delivered.deliver(act, held);
  expect(reports).toMatchObject([{ code: 'act_unknown' }]);
});

test('settings that take long to read delay no renewal', { timeout: 20_000 }, async () => {
  const ended = new AbortController();
  let renewals = 0;
  const looked = () => {
    renewals += 1;
    ended.abort();
  };
  const board = {
    renew: async () => ({ held: new Map(), acts: [], entries: [] }),
    claim: async () => [],
    hosts: async () => [],
    changed: (ms: number, signal: AbortSignal) => systemClock.sleep(ms, signal),
  };
  const parts = {
    ...{ board, hostInfo: hostOf(0, []), clock: systemClock, slots: 0, isLeaving: false, poolDays: 30 },
    place: { mainRepo: '', sessionsDir: '', worktreesDir: '', configPath: '' },
    times: { ...POOL_TIMES, renewMs: 10, scanMs: 10 },
    ...QUIET,
    readAgain: () => new Promise(() => {}),
    status: { ...QUIET.status, looked },
  } as unknown as MemberParts;
  await new Member(parts).run(() => [], ended.signal).catch(() => undefined);
  expect(renewals).toBe(1);
});

/** A session that a member of the scene has, by its record and on the board, and a remote that takes everything. */
async function heldByMember(scene: PoolScene, row: Partial<Entry> = {}) {
  const commit = await scene.publish();
  const { id } = sessionFileSample();
  const [view] = await readAllSessions(`${scene.here.repo.path}/_samocode/sessions`, await systemHost());
  if (view === undefined) throw new Error('There is no session.');
  writeOwnership(view.paths, { id, epoch: 1, published: commit, host: 'anna' });
  await writeFile(view.paths.poolKept, '1');
  const ended = new AbortController();
  const { states, hostInfo, ...parts } = cutOff(scene, scene.here.repo.path);
  const entry = { id, epoch: 1, folder: view.folder, project: '', needs: [], wanted: true };
  const entries: Entry[] = [{ ...entry, state: commit, author: 'host-a', host: 'host-a', ...row }];
  const moves: [ref: string, to: string | undefined, expected: string | undefined][] = [];
  const offered: string[] = [];
  const remote = {
    move: async (...move: (typeof moves)[number]) => {
      moves.push(move);
      if (move[1] === undefined) ended.abort();
      return 'moved';
    },
  };
  const published: string[] = [];
  const board = {
    renew: async () => ({ held: new Map(entries.map((each) => [each.id, 1])), acts: [], entries }),
    claim: async () => [],
    hosts: async () => [],
    publish: async (_: unknown, state: string) => published.push(state) > 0,
    settle: async () => undefined,
    offer: async ({ state }: { state: string }) => {
      offered.push(state);
      ended.abort();
    },
    changed: (ms: number, signal: AbortSignal) => systemClock.sleep(ms, signal),
  };
  const told = { ...QUIET, slots: 0, isLeaving: false, poolDays: 30, host: await systemHost() };
  const member = new Member({
    ...{ ...parts, ...told, hostInfo, states, remote, board },
    place: { ...parts.place, sessionsDir: view.paths.sessionsDir },
    times: { ...POOL_TIMES, renewMs: 20, scanMs: 10 },
  } as unknown as MemberParts);
  const run = async () => {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(15_000)]);
    await member.run(() => [view], signal).catch(() => undefined);
  };
  return { ...{ commit, id, view, entries, moves, published, offered, run } };
}

test('a state counts from the board on: it is pushed, recorded there, and then the one before is dropped', async () => {
  await using scene = await poolScene();
  const { commit, id, view, moves, published, run } = await heldByMember(scene);
  // Packed refs are found, too.
  await scene.here.repo.git(['pack-refs', '--all']);
  await run();
  const [state = ''] = published;
  expect(moves).toEqual([
    [`${POOL_REFS}states/${id}/${state}`, state, undefined],
    [`${POOL_REFS}states/${id}/${commit}`, undefined, commit],
  ]);
  expect(readOwnership(view.paths)).toEqual({ id, epoch: 1, published: state, host: 'machine 0' });
});

test('a session that the board has lost is offered again as it is now', async () => {
  await using scene = await poolScene();
  const { commit, entries, offered, moves, run } = await heldByMember(scene);
  entries.length = 0;
  await run();
  const [state = ''] = offered;
  expect(state).not.toBe(commit);
  expect(moves.map(([, to]) => to)).toEqual([state]);
  expect((await scene.here.repo.git(['log', '-1', '--format=%P', state])).split(' ')).toContain(commit);
});
