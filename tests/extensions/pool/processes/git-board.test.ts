import { rename } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { POOL_REFS } from '../../../../src/extensions/pool/git-remote.ts';
import { boardContract, LEASE_MS, type Member, PROJECT } from '../../../support/board-contract.ts';
import { ci } from '../../../support/ci.ts';
import { gitBoards } from './git-boards.ts';

// More hosts than this board is for; PostgreSQL has more of both.
boardContract(gitBoards, { hosts: 10, sessions: 40 });

const heldBy = async ({ board, host }: Member) => [...(await board.renew(host)).held.keys()];

test(
  'a state that nobody trusted has signed is not claimed, nor one in the place of another session',
  ci,
  async () => {
    await using rig = await gitBoards();
    const [a, b] = [await rig.join(), await rig.join()];
    const own = await rig.offer(a, { folder: 'own' });
    await rig.offer(a, { folder: 'of a stranger' });
    const state = await rig.remotes.git(rig.remotes.url, 'rev-parse', `${POOL_REFS}sessions/${own}`);
    await rig.remotes.remote(rig.at(a)).move(`${POOL_REFS}sessions/${ulid()}`, state, undefined);
    const { entries } = await b.board.renew(b.host);
    expect(entries.map(({ folder }) => folder).sort()).toEqual(['of a stranger', 'own']);
    expect((await b.board.claim(b.host, 5)).map(({ id }) => id)).toEqual([own]);
  },
);

test('an observer whose looks take long still finds a host silent, but not while its own looks fail', async () => {
  await using rig = await gitBoards();
  const [a, b] = [await rig.join(), await rig.join()];
  await rig.offer(a);
  await a.board.renew(a.host);
  await a.board.claim(a.host, 1);
  await b.board.renew(b.host);
  await rig.pass(0.6 * LEASE_MS);
  await rename(rig.remotes.url, `${rig.remotes.url}.away`);
  await expect(b.board.renew(b.host)).rejects.toThrow();
  await rename(`${rig.remotes.url}.away`, rig.remotes.url);
  for (const _ of ['after the failure', 'slowly', 'once more']) {
    expect(await b.board.claim(b.host, 1)).toEqual([]);
    await rig.pass(0.6 * LEASE_MS);
    await b.board.renew(b.host);
  }
  expect(await b.board.claim(b.host, 1)).toHaveLength(1);
});

test('an act that nobody trusted has signed wakes nothing and is not delivered', async () => {
  await using rig = await gitBoards();
  const a = await rig.join();
  const [resting, working] = [await rig.offer(a, { wanted: false }), await rig.offer(a)];
  await a.board.act(resting, ulid(), 'approve, says a stranger');
  await a.board.act(working, ulid(), 'approve, says a stranger');
  await a.board.renew(a.host);
  expect(await a.board.claim(a.host, 5)).toMatchObject([{ id: working }]);
  expect((await a.board.renew(a.host)).acts).toEqual([]);
});

test('a host whose session was deleted or moved by somebody does not have it any more', async () => {
  await using rig = await gitBoards();
  const a = await rig.join();
  const [deleted, moved] = [await rig.offer(a), await rig.offer(a)];
  await a.board.renew(a.host);
  expect(await a.board.claim(a.host, 2)).toHaveLength(2);
  expect((await heldBy(a)).sort()).toEqual([deleted, moved].sort());
  await rig.remotes.git(rig.remotes.url, 'update-ref', '-d', `${POOL_REFS}sessions/${deleted}`);
  const foreign = await rig.remotes.commit(rig.remotes.url, 'something else');
  await rig.remotes.git(rig.remotes.url, 'update-ref', `${POOL_REFS}sessions/${moved}`, foreign);
  expect(await heldBy(a)).toEqual([]);
});

test('of two machines with the same identity one renews, and the other is told', async () => {
  await using rig = await gitBoards();
  const [a, copy] = [await rig.join(), await rig.join()];
  await a.board.renew(a.host);
  await copy.board.renew(a.host);
  await expect(a.board.renew(a.host)).rejects.toThrow('Another machine');
  await copy.board.renew(a.host);
});

test('a machine is in the pools of two projects at one remote', async () => {
  await using rig = await gitBoards();
  const [a, same] = [await rig.join(), await rig.join()];
  const other = { ...a.host, project: '2'.repeat(40) };
  for (let round = 0; round < 2; round += 1) {
    await a.board.renew(a.host);
    await same.board.renew(other);
  }
  expect(await a.board.hosts(PROJECT)).toMatchObject([{ id: a.host.id }]);
});

test('every call is refused while the remote cannot be reached, and that is no silence of others', async () => {
  await using rig = await gitBoards();
  const [a, b] = [await rig.join(), await rig.join()];
  const session = await rig.offer(a);
  await a.board.renew(a.host);
  await a.board.claim(a.host, 1);
  await b.board.renew(b.host);
  await rename(rig.remotes.url, `${rig.remotes.url}.away`);
  await rig.pass(LEASE_MS);
  await expect(b.board.renew(b.host)).rejects.toThrow('did not respond');
  await expect(b.board.act(session, ulid(), 'approve')).rejects.toThrow('did not respond');
  await rename(`${rig.remotes.url}.away`, rig.remotes.url);
  await b.board.renew(b.host);
  expect(await b.board.claim(b.host, 1)).toEqual([]);
  expect(await heldBy(a)).toEqual([session]);
});
