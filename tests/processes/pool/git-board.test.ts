import { rename } from 'node:fs/promises';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import type { Held, Oid } from '../../../src/pool/board.ts';
import { GitBoard } from '../../../src/pool/git-board.ts';
import { POOL_REFS } from '../../../src/pool/git-remote.ts';
import { readStateNote, type StateNote, stateNoteText } from '../../../src/pool/state-note.ts';
import { HandClock } from '../../supervisor/scene.ts';
import {
  type BoardRig,
  boardContract,
  LEASE_MS,
  type Member,
  PROJECT,
} from '../../support/board-contract.ts';
import { makeRemotes, type Remotes } from './remotes.ts';

const CARD = { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' };
const REST = { n: 1, lease: 1, version: '0.0.0-test', card: CARD };

/** Members with a repository each; commits are unsigned, but for those of a stranger nobody opens them. */
async function makeRig(): Promise<BoardRig & { remotes: Remotes; at(member: Member): string }> {
  const remotes = await makeRemotes();
  const folders = new Map<Member, string>();
  const at = (member: Member) => folders.get(member) as string;
  const noteAt = async (oid: Oid) => {
    const reading = readStateNote(await remotes.git(remotes.url, 'log', '-1', '--format=%B', oid));
    if (reading.kind !== 'note') throw new Error(reading.kind);
    return reading.note;
  };
  const pass = async (ms: number) => {
    for (const { clock } of folders.keys()) clock.pass(ms);
  };
  const push = async (by: Member, note: StateNote, before?: Oid) => {
    const state = await remotes.commit(at(by), stateNoteText(note), ...(before ? [before] : []));
    await remotes.remote(at(by)).move(`${POOL_REFS}sessions/${note.id}`, state, before);
    return state;
  };
  return {
    ...{ remotes, at },
    async join(labels = ['claude']) {
      const folder = await remotes.machine(`machine ${folders.size}`);
      const clock = new HandClock();
      const host = { id: `h${folders.size}`, name: `machine ${folders.size}`, project: PROJECT, labels };
      const board = new GitBoard({
        ...{ clock, leaseMs: LEASE_MS, remote: remotes.remote(folder) },
        git: { cwd: folder, baseEnv: remotes.env },
        seal: (text) => remotes.commit(folder, text),
        async open(oid) {
          const text = await remotes.git(folder, 'log', '-1', '--format=%B', oid);
          return text.includes('stranger') ? undefined : { text, person: 'someone' };
        },
        commit: (tree, parents, note) =>
          remotes.git(folder, 'commit-tree', tree, '-m', note, ...parents.flatMap((each) => ['-p', each])),
      });
      const member = { board, host, clock };
      folders.set(member, folder);
      return member;
    },
    async offer(by, { id = ulid(), folder = id, needs = [], project = PROJECT, wanted = true } = {}) {
      const note = { ...REST, v: 1 as const, id, project, folder, needs, wanted, epoch: 0 };
      const state = await remotes.commit(at(by), stateNoteText(note));
      await by.board.offer({ id, project, folder, needs, state });
      return id;
    },
    async publish(by: Member, held: Held, wanted: boolean) {
      const before = await remotes.git(remotes.url, 'rev-parse', `${POOL_REFS}sessions/${held.id}`);
      const state = await push(by, { ...(await noteAt(before)), wanted }, before);
      return { state, has: await by.board.index(held, state, { ...CARD, wanted }) };
    },
    pass,
    // It looks at nothing until the test says so.
    away: (_, ms) => pass(ms),
    [Symbol.asyncDispose]: () => remotes[Symbol.asyncDispose](),
  };
}

// More hosts than this board is for; PostgreSQL has more of both.
boardContract(makeRig, { hosts: 10, sessions: 40 });

const heldBy = async ({ board, host }: Member) => [...(await board.renew(host)).held.keys()];

test('a state that nobody trusted has signed is not claimed, nor one in the place of another session', async () => {
  await using rig = await makeRig();
  const [a, b] = [await rig.join(), await rig.join()];
  const own = await rig.offer(a, { folder: 'own' });
  await rig.offer(a, { folder: 'of a stranger' });
  const state = await rig.remotes.git(rig.remotes.url, 'rev-parse', `${POOL_REFS}sessions/${own}`);
  await rig.remotes.remote(rig.at(a)).move(`${POOL_REFS}sessions/${ulid()}`, state, undefined);
  const { entries } = await b.board.renew(b.host);
  expect(entries.map(({ folder }) => folder).sort()).toEqual(['of a stranger', 'own']);
  expect((await b.board.claim(b.host, 5)).map(({ id }) => id)).toEqual([own]);
});

test('an act that nobody trusted has signed wakes nothing and is not delivered', async () => {
  await using rig = await makeRig();
  const a = await rig.join();
  const [resting, working] = [await rig.offer(a, { wanted: false }), await rig.offer(a)];
  await a.board.act(resting, ulid(), 'approve, says a stranger');
  await a.board.act(working, ulid(), 'approve, says a stranger');
  await a.board.renew(a.host);
  expect(await a.board.claim(a.host, 5)).toMatchObject([{ id: working }]);
  expect((await a.board.renew(a.host)).acts).toEqual([]);
});

test('a host whose session was deleted or moved by somebody does not have it any more', async () => {
  await using rig = await makeRig();
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
  await using rig = await makeRig();
  const [a, copy] = [await rig.join(), await rig.join()];
  await a.board.renew(a.host);
  await copy.board.renew(a.host);
  await expect(a.board.renew(a.host)).rejects.toThrow('Another machine');
  await copy.board.renew(a.host);
});

test('a machine is in the pools of two projects at one remote', async () => {
  await using rig = await makeRig();
  const [a, same] = [await rig.join(), await rig.join()];
  const other = { ...a.host, project: '2'.repeat(40) };
  for (let round = 0; round < 2; round += 1) {
    await a.board.renew(a.host);
    await same.board.renew(other);
  }
  expect(await a.board.hosts(PROJECT)).toMatchObject([{ id: a.host.id }]);
});

test('every call is refused while the remote cannot be reached, and that is no silence of others', async () => {
  await using rig = await makeRig();
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
