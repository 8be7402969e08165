import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { runGit } from '../../../../src/core/project/git/git.ts';
import { POOL_REFS, type PoolRemote, sessionRef } from '../../../../src/extensions/pool/board/git-remote.ts';
import { RemoteBoard } from '../../../../src/extensions/pool/board/remote-board.ts';
import { boardContract, type Member } from '../../../support/board-contract.ts';
import { ci } from '../../../support/ci.ts';
import { poolRounds } from '../../../support/pool-rounds.ts';
import { remoteBoards } from './remote-boards.ts';

boardContract(remoteBoards);

const heldBy = async ({ board, host }: Member) => [...(await board.renew(host)).held.keys()];

test('nothing is written while nothing happens, and one fetch names only what changed', ci, async () => {
  await using rig = await remoteBoards();
  const [a, b] = [await rig.join(), await rig.join()];
  const [one, other] = [await rig.offer(a), await rig.offer(a)];
  await rig.take(a, one);
  const asked: string[] = [];
  const remote = rig.remotes.remote(rig.at(b));
  const noted: PoolRemote = {
    nameOf: (ref) => remote.nameOf(ref),
    list: (...refs) => remote.list(...refs),
    async move(ref, ...oids) {
      asked.push(`move ${ref}`);
      return await remote.move(ref, ...oids);
    },
    async fetch(refs) {
      asked.push(...refs);
      await remote.fetch(refs);
    },
  };
  const git = { cwd: rig.at(b), baseEnv: rig.remotes.env };
  const unused = async () => Promise.reject(new Error('Nothing is signed.'));
  const board = new RemoteBoard({
    remote: noted,
    git,
    clock: b.clock,
    sign: unused,
    verify: unused,
    commit: unused,
    listNumber: async () => 1,
  });
  await board.renew(b.host);
  const objects = () => rig.remotes.git(rig.remotes.url, 'rev-list', '--objects', '--all', '--count');
  const before = await objects();
  asked.length = 0;
  for (const _ of [1, 2, 3, 4, 5]) {
    await rig.pass(60_000);
    expect(await board.renew(b.host)).toMatchObject({ entries: [{ id: one }, { id: other }] });
    expect(await board.claim()).toEqual([]);
  }
  expect(asked).toEqual([]);
  expect(await objects()).toBe(before);
  await rig.take(a, other);
  await rig.remotes.git(rig.remotes.url, 'update-ref', '-d', sessionRef(one));
  expect(await board.renew(b.host)).toMatchObject({ entries: [{ id: other, host: a.host.id }] });
  expect(asked.sort()).toEqual([`${sessionRef(one)}*`, `${sessionRef(other)}*`].sort());
  expect(await rig.remotes.git(rig.at(b), 'for-each-ref', '--format=%(refname)', POOL_REFS)).toBe(
    sessionRef(other),
  );
});

test('a session that a person takes is lost to the machine that had it, and its acts go to the other', async () => {
  await using rig = await remoteBoards();
  const [a, b] = [await rig.join(), await rig.join()];
  const session = await rig.offer(a);
  const [first] = await a.claim(1);
  const id = ulid();
  await b.board.act(session, id, 'approve');
  await b.board.act(session, id, 'approve');
  expect((await a.board.renew(a.host)).acts).toMatchObject([{ id, command: 'approve' }]);
  expect(await rig.take(b, session)).toMatchObject({ epoch: 2, from: a.host.id });
  expect(await a.board.renew(a.host)).toMatchObject({ held: new Map(), acts: [] });
  const mine = { id: session, host: a.host.id, epoch: 1 };
  expect(await a.board.giveBack(mine, { wanted: true, state: first?.state ?? '' })).toBe(false);
  const { held, acts } = await b.board.renew(b.host);
  expect(held).toEqual(new Map([[session, 2]]));
  expect(acts).toMatchObject([{ id, session }]);
  await b.board.settle(acts);
  await b.board.settle(acts);
  expect((await b.board.renew(b.host)).acts).toEqual([]);
});

test('an act that the last look found on the remote is not sent again, and one that was lost is', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const session = await rig.offer(a);
  const id = ulid();
  const shown = async () => {
    await a.board.renew(a.host);
    return await rig.remotes.git(rig.remotes.url, 'for-each-ref', `${POOL_REFS}acts/`);
  };
  await a.board.act(session, id, 'approve');
  expect(await shown()).toContain(id);
  await rename(rig.remotes.url, `${rig.remotes.url}.away`);
  // A push would fail.
  await a.board.act(session, id, 'approve');
  await rename(`${rig.remotes.url}.away`, rig.remotes.url);
  await rig.remotes.git(rig.remotes.url, 'update-ref', '-d', `${POOL_REFS}acts/${session}/${id}`);
  expect(await shown()).toBe('');
  await a.board.act(session, id, 'approve');
  expect(await shown()).toContain(id);
});

test('of two takes of one state the remote accepts one', async () => {
  await using rig = await remoteBoards();
  const [a, b] = [await rig.join(), await rig.join()];
  const session = await rig.offer(a);
  const taken = await Promise.all([rig.take(a, session), rig.take(b, session)]);
  expect(taken.filter((claim) => claim !== undefined)).toHaveLength(1);
});

test('a state in the place of another session is not shown, and an act that no member has signed is not delivered', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const own = await rig.offer(a, { folder: 'own' });
  const state = await rig.remotes.git(rig.remotes.url, 'rev-parse', sessionRef(own));
  await rig.remotes.remote(rig.at(a)).move(sessionRef(ulid()), state, undefined);
  await a.claim(1);
  await a.board.act(own, ulid(), 'approve, says a stranger');
  expect(await a.board.renew(a.host)).toMatchObject({ acts: [], entries: [{ id: own, folder: 'own' }] });
});

test('a host whose session was deleted or moved does not have it any more', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const [deleted, moved] = [await rig.offer(a), await rig.offer(a)];
  await a.claim(2);
  expect((await heldBy(a)).sort()).toEqual([deleted, moved].sort());
  await rig.remotes.git(rig.remotes.url, 'update-ref', '-d', sessionRef(deleted));
  const foreign = await rig.remotes.commit(rig.remotes.url, 'something else');
  await rig.remotes.git(rig.remotes.url, 'update-ref', sessionRef(moved), foreign);
  expect(await heldBy(a)).toEqual([]);
});

test('an act that no member signed is verified again with a new list of members or after an hour, and 50 in a look', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const session = await rig.offer(a);
  await a.claim(1);
  const git = { cwd: rig.at(a), baseEnv: rig.remotes.env };
  const foreign = await rig.remotes.commit(rig.remotes.url, 'something else');
  const refs = Array.from({ length: 60 }, () => `update ${POOL_REFS}acts/${session}/${ulid()} ${foreign}`);
  await runGit(['update-ref', '--stdin'], { ...git, cwd: rig.remotes.url, input: `${refs.join('\n')}\n` });
  const unused = async () => Promise.reject(new Error('Nothing is signed.'));
  let [verified, number] = [0, 1];
  const verify = async () => {
    verified += 1;
    return undefined;
  };
  const rest = { sign: unused, commit: unused, verify, listNumber: async () => number };
  const board = new RemoteBoard({ remote: rig.remotes.remote(git.cwd), git, clock: a.clock, ...rest });
  const verifiedBy = async (passMs: number) => {
    verified = 0;
    a.clock.pass(passMs);
    await board.renew(a.host);
    return verified;
  };
  expect([await verifiedBy(0), await verifiedBy(60_000), await verifiedBy(60_000)]).toEqual([50, 10, 0]);
  number = 2;
  expect([await verifiedBy(0), await verifiedBy(0), await verifiedBy(0)]).toEqual([50, 10, 0]);
  expect(await verifiedBy(60 * 60_000)).toBe(50);
});

test('a state that the remote has accepted counts although the remote still shows the one before', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const session = await rig.offer(a);
  const [claim] = await a.claim(1);
  const held = { id: session, host: a.host.id, epoch: claim?.epoch ?? 0 };
  const card = { status: 'running', phase: 'testing', iteration: 8, at: '2026-01-08T00:00:00.000Z' };
  expect(await a.board.index(held, '1'.repeat(40), { ...card, wanted: true })).toBe(true);
});

test('an act that waits is neither sent again nor looked for more often than others', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const session = await rig.offer(a);
  const id = ulid();
  await a.board.act(session, id, 'approve');
  await a.board.renew(a.host);
  a.clock.pass(120_000);
  const before = await rig.remotes.git(rig.at(a), 'count-objects');
  await a.board.act(session, id, 'approve');
  expect(await rig.remotes.git(rig.at(a), 'count-objects')).toBe(before);
  let slept = 0;
  a.clock.sleep = async (ms) => {
    a.clock.pass(ms);
    slept += ms;
  };
  await a.board.changed(60_000, new AbortController().signal);
  expect(slept).toBe(60_000);
});

test('every call is refused while the remote cannot be reached, and what was there is still there afterwards', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const session = await rig.offer(a);
  await a.claim(1);
  await rename(rig.remotes.url, `${rig.remotes.url}.away`);
  await expect(a.board.renew(a.host)).rejects.toThrow('did not respond');
  await expect(a.board.act(session, ulid(), 'approve')).rejects.toThrow('did not respond');
  await rename(`${rig.remotes.url}.away`, rig.remotes.url);
  expect(await heldBy(a)).toEqual([session]);
});

test('a wait for the next look ends when the bell rings, and sooner after an act was sent', async () => {
  await using rig = await remoteBoards();
  const a = await rig.join();
  const bell = join(rig.remotes.root, 'bell');
  let slept = 0;
  a.clock.sleep = async (ms) => {
    a.clock.pass(ms);
    slept += ms;
    if (slept === 9000) await writeFile(bell, '');
  };
  const git = { cwd: rig.at(a), baseEnv: rig.remotes.env };
  const sign = (text: string) => rig.remotes.commit(git.cwd, text);
  const unused = async () => Promise.reject(new Error('Nothing is verified.'));
  const remote = rig.remotes.remote(git.cwd);
  const rest = { verify: unused, commit: unused, listNumber: async () => 1 };
  const board = new RemoteBoard({ remote, git, clock: a.clock, bell, sign, ...rest });
  const { signal } = new AbortController();
  const waited = async () => {
    slept = 0;
    await board.changed(60_000, signal);
    return slept;
  };
  expect(await waited()).toBe(9000);
  slept = 10_000;
  await board.act(ulid(), ulid(), 'approve');
  await writeFile(bell, 'rung');
  a.clock.sleep = async (ms) => {
    a.clock.pass(ms);
    slept += ms;
  };
  // It rang while nothing waited for it.
  expect(await waited()).toBe(0);
  expect(await waited()).toBe(5000);
  a.clock.pass(120_000);
  expect(await waited()).toBe(60_000);
});

test('60 rounds of takes, silence and death on the remote alone leave one chain of each session', async () => {
  await using rig = await remoteBoards();
  const { published } = await poolRounds(rig, rig.remotes, { rounds: 60, seed: 3 });
  expect(published).toBeGreaterThan(5);
});
