import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { Oid } from '../../../../src/extensions/pool/board/board.ts';
import { POOL_REFS, type PoolRemote } from '../../../../src/extensions/pool/board/git-remote.ts';
import { fingerprintOf, hostKey, keyPathIn } from '../../../../src/extensions/pool/members/host-keys.ts';
import {
  publishJoinRequest,
  readJoinRequests,
} from '../../../../src/extensions/pool/members/join-request.ts';
import {
  MEMBERS_REF,
  type MemberList,
  MemberLists,
  type PoolMember,
} from '../../../../src/extensions/pool/members/member-list.ts';
import { signedCommit } from '../../../../src/extensions/pool/members/signed-commit.ts';
import { changePoolFile, readPoolFile } from '../../../../src/extensions/pool/pool-file.ts';
import { ci } from '../../../support/ci.ts';
import { makeRemotes, type Remotes } from './remotes.ts';

interface Machine {
  member: PoolMember;
  lists: MemberLists;
  /** Signs any text with its key, whether that is allowed or not. */
  sign(text: object, ...parents: Oid[]): Promise<Oid>;
}

/** A pool of an owner and a member, and a stranger who may push to the remote, too. */
interface Scene extends AsyncDisposable {
  remotes: Remotes;
  /** The repository of all three. */
  cwd: string;
  owner: Machine;
  member: Machine;
  stranger: Machine;
  /** A machine that has accepted the newest of the lists. */
  victim: MemberLists;
  /** Oldest first. */
  lists: [MemberList, MemberList, MemberList];
  /** Puts a commit onto the remote, whatever is there. */
  force(commit: Oid): Promise<void>;
}

async function machineIn(cwd: string, name: string, remotes: Remotes): Promise<Machine> {
  const git = { cwd, baseEnv: remotes.env };
  const folder = join(remotes.root, `membership-${name}`);
  const publicKey = await hostKey(folder, remotes.env);
  return {
    member: { id: `id-${name}`, name, publicKey, by: 'id-owner' },
    lists: new MemberLists({
      folder,
      remote: remotes.remote(cwd),
      git,
      host: await systemHost(),
      clock: systemClock,
    }),
    sign: (text, ...parents) => signedCommit({ parents, text: JSON.stringify(text) }, keyPathIn(folder), git),
  };
}

async function scene(): Promise<Scene> {
  const remotes = await makeRemotes();
  const cwd = await remotes.machine('attackers');
  const owner = await machineIn(cwd, 'owner', remotes);
  const member = await machineIn(cwd, 'member', remotes);
  const stranger = await machineIn(cwd, 'stranger', remotes);
  const first = { ...owner.member, owner: true as const };
  const begun = { board: 'remote' as const, members: [first], removed: [] };
  const { list: one } = await owner.lists.publish(begun, undefined);
  const { list: two } = await owner.lists.publish({ ...begun, members: [first, member.member] }, one);
  const person = { ...member.member, person: 'anna' };
  const { list: three } = await owner.lists.publish({ ...begun, members: [first, person] }, two);
  const { lists: victim } = await machineIn(await remotes.machine('victim'), 'victim', remotes);
  await victim.adopt(three.commit, async () => true);
  return {
    ...{ remotes, cwd, owner, member, stranger, victim, lists: [one, two, three] },
    async force(commit) {
      await remotes.git(cwd, 'push', '--quiet', '--force', remotes.url, `${commit}:${MEMBERS_REF}`);
    },
    [Symbol.asyncDispose]: () => remotes[Symbol.asyncDispose](),
  };
}

const textOf = ({ commit: _, ...list }: MemberList, change: object = {}) => ({
  ...{ v: 1, ...list },
  ...change,
});
const nextOf = (list: MemberList, change: object = {}) =>
  textOf(list, { number: list.number + 1, ...change });

interface Attack {
  code: string;
  /** @returns the commit that is put onto the remote */
  attack(scene: Scene): Promise<Oid>;
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  'an older list': { code: 'members_rolled_back', attack: async ({ lists }) => lists[1].commit },
  'a list of an owner that continues an older one': {
    code: 'members_forked',
    attack: ({ owner, lists }) => owner.sign(nextOf(lists[1]), lists[1].commit),
  },
  'another pool under the same ref': {
    code: 'members_forked',
    attack: ({ stranger }) =>
      stranger.sign({
        ...{ v: 1, number: 9, board: 'remote', removed: [] },
        members: [{ ...stranger.member, owner: true, by: stranger.member.id }],
      }),
  },
  'a list that a member signs who is not an owner': {
    code: 'members_not_by_owner',
    attack: ({ member, stranger, lists: [, , now] }) =>
      member.sign(
        nextOf(now, { members: [...now.members, { ...stranger.member, by: member.member.id }] }),
        now.commit,
      ),
  },
  'a list that a stranger signs, and which names it as an owner': {
    code: 'members_not_by_owner',
    attack: ({ stranger, lists: [, , now] }) =>
      stranger.sign(
        nextOf(now, { members: [...now.members, { ...stranger.member, owner: true }] }),
        now.commit,
      ),
  },
  'a list without a signature': {
    code: 'members_not_by_owner',
    attack: ({ remotes, cwd, lists: [, , now] }) =>
      remotes.commit(cwd, JSON.stringify(nextOf(now)), now.commit),
  },
  'a list whose number skips one': {
    code: 'members_malformed',
    attack: ({ owner, lists: [, , now] }) => owner.sign(nextOf(now, { number: 9 }), now.commit),
  },
  'a list that has the same number again': {
    code: 'members_malformed',
    attack: ({ owner, lists: [, , now] }) => owner.sign(textOf(now), now.commit),
  },
  'a merge of the list with another history': {
    code: 'members_malformed',
    attack: async ({ owner, lists: [, , now] }) =>
      owner.sign(nextOf(now), now.commit, await owner.sign({ v: 1 })),
  },
  'a member with the key of another one': {
    code: 'members_malformed',
    attack: ({ owner, member, lists: [, , now] }) => {
      const { publicKey } = member.member;
      const again = { id: 'id-again', name: 'again', publicKey, by: owner.member.id };
      return owner.sign(nextOf(now, { members: [...now.members, again] }), now.commit);
    },
  },
  'a member whose key was changed': {
    code: 'members_malformed',
    attack: ({ owner, stranger, lists: [, , now] }) => {
      const { publicKey } = stranger.member;
      const members = now.members.map((each) => (each.owner ? each : { ...each, publicKey }));
      return owner.sign(nextOf(now, { members }), now.commit);
    },
  },
  'a member that another owner is said to have added': {
    code: 'members_malformed',
    attack: ({ owner, member, stranger, lists: [, , now] }) =>
      owner.sign(
        nextOf(now, { members: [...now.members, { ...stranger.member, by: member.member.id }] }),
        now.commit,
      ),
  },
  'a list that drops a member without a record': {
    code: 'members_malformed',
    attack: ({ owner, lists: [, , now] }) =>
      owner.sign(nextOf(now, { members: now.members.filter(({ owner: is }) => is) }), now.commit),
  },
  'a list without an owner': {
    code: 'members_malformed',
    attack: ({ owner, lists: [, , now] }) =>
      owner.sign(nextOf(now, { members: now.members.map(({ owner: _, ...each }) => each) }), now.commit),
  },
  'a list with another kind of board': {
    code: 'members_malformed',
    attack: ({ owner, lists: [, , now] }) => owner.sign(nextOf(now, { board: 'postgres' }), now.commit),
  },
  'a good list on top of a bad one': {
    code: 'members_not_by_owner',
    async attack({ owner, stranger, lists: [, , now] }) {
      const bad = nextOf(now);
      const between = await stranger.sign(bad, now.commit);
      return await owner.sign({ ...bad, number: now.number + 2 }, between);
    },
  },
};

test.each(Object.entries(ATTACKS))(
  '%s is refused, and the list before it stays in force',
  async (_, { attack, code }) => {
    await using pool = await scene();
    const { victim, lists, force } = pool;
    const commit = await attack(pool);
    await force(commit);
    await expect(victim.refresh(commit)).rejects.toMatchObject({ code });
    expect(await victim.kept()).toMatchObject({ number: 3, commit: lists[2].commit });
  },
);

test('a deleted list is reported with the command that restores it', ci, async () => {
  await using pool = await scene();
  const { victim, lists, remotes, cwd } = pool;
  await remotes.git(cwd, 'push', '--quiet', remotes.url, `:${MEMBERS_REF}`);
  expect(await victim.tip()).toBeUndefined();
  const commit = lists[2].commit;
  const hint = expect.stringContaining(`git push <remote of the pool> ${commit}:${MEMBERS_REF}`);
  await expect(victim.refresh(undefined)).rejects.toMatchObject({ code: 'members_missing', hint });
  await remotes.git(join(remotes.root, 'victim'), 'push', '--quiet', remotes.url, `${commit}:${MEMBERS_REF}`);
  expect(await victim.refresh(await victim.tip())).toMatchObject({ number: 3 });
});

test('an owner that was removed changes nothing later', async () => {
  await using pool = await scene();
  const { owner, member, stranger, victim, lists, force } = pool;
  const [first, other] = lists[2].members as [PoolMember, PoolMember];
  const both = { ...lists[2], members: [first, { ...other, owner: true as const }] };
  const { list: four } = await owner.lists.publish(both, lists[2]);
  const { id, name, publicKey } = other;
  const at = '2026-01-08T10:00:00.000Z';
  const removed = [{ id, name, publicKey, by: first.id, at, tips: {} }];
  const { list: five } = await owner.lists.publish({ ...four, members: [first], removed }, four);
  expect(await victim.refresh(five.commit)).toMatchObject({ number: 5, removed: [{ name: 'member' }] });
  const added = { ...stranger.member, by: id };
  const later = await member.sign(nextOf(five, { members: [first, added] }), five.commit);
  await force(later);
  await expect(victim.refresh(later)).rejects.toMatchObject({ code: 'members_not_by_owner' });
  const before = await member.sign(nextOf(four, { members: [...four.members, added] }), four.commit);
  await force(before);
  await expect(victim.refresh(before)).rejects.toMatchObject({ code: 'members_forked' });
});

test('of two owners at once, one publishes, and the other learns that it did not', async () => {
  await using pool = await scene();
  const { owner, lists } = pool;
  const [, , now] = lists;
  const changes = ['ben', 'carla'].map((person) => ({
    ...now,
    members: now.members.map((each) => (each.owner ? each : { ...each, person })),
  }));
  const hows = await Promise.all(changes.map(async (next) => (await owner.lists.publish(next, now)).how));
  expect(hows.sort()).toEqual(['moved', 'refused']);
});

test('a list is first accepted only if the person vouches for an owner that has signed it', async () => {
  await using pool = await scene();
  const { remotes, owner, lists } = pool;
  const { lists: joiner } = await machineIn(await remotes.machine('joiner'), 'joiner', remotes);
  const tip = lists[2].commit;
  await expect(joiner.refresh(tip)).rejects.toMatchObject({ code: 'members_not_accepted' });
  const asked: string[] = [];
  const refused = await joiner.adopt(tip, async (owners) => {
    asked.push(...owners.map(({ publicKey }) => fingerprintOf(publicKey)));
    return false;
  });
  expect(asked).toEqual([fingerprintOf(owner.member.publicKey)]);
  expect([refused, await joiner.kept()]).toEqual([undefined, undefined]);
  await joiner.adopt(tip, async () => true);
  expect(await joiner.kept()).toEqual(lists[2]);
});

test('the request of a machine counts only at its own ref, and signed with its own key', async () => {
  await using pool = await scene();
  const { remotes, cwd, stranger, member } = pool;
  const place = { remote: remotes.remote(cwd), git: { cwd, baseEnv: remotes.env } };
  const offered = { labels: ['claude'], slots: 2, level: 'guard' as const, version: '1' };
  const { id, name, publicKey } = stranger.member;
  const request = { v: 1 as const, id, name, publicKey, ...offered };
  const folder = join(remotes.root, 'membership-stranger');
  await publishJoinRequest(request, folder, place);
  const there = await place.remote.list(`${POOL_REFS}keys/*`);
  await publishJoinRequest(request, folder, place);
  expect(await place.remote.list(`${POOL_REFS}keys/*`)).toEqual(there);
  expect(await readJoinRequests(place)).toEqual([request]);
  await publishJoinRequest(
    { ...request, id: 'id-forged', publicKey: member.member.publicKey },
    folder,
    place,
  );
  const stolen = await stranger.sign(request);
  await place.remote.move(`${POOL_REFS}keys/${member.member.id}`, stolen, undefined);
  expect(await readJoinRequests(place)).toEqual([request]);
});

test.each(['unreachable', 'refused'] as const)(
  'a request whose push is %s is not taken for sent',
  async (push) => {
    await using pool = await scene();
    const { remotes, cwd, stranger } = pool;
    const remote = remotes.remote(cwd);
    const git = { cwd, baseEnv: remotes.env };
    // Lost between the fetch before and the push.
    const lost: PoolRemote = {
      move: async () => push,
      list: (...patterns) => remote.list(...patterns),
      nameOf: (ref) => remote.nameOf(ref),
      fetch: (refs) => remote.fetch(refs),
    };
    const { id, name, publicKey } = stranger.member;
    const request = {
      v: 1 as const,
      id,
      name,
      publicKey,
      labels: [],
      slots: 2,
      level: 'guard' as const,
      version: '1',
    };
    const folder = join(remotes.root, 'membership-stranger');
    await expect(publishJoinRequest(request, folder, { remote: lost, git })).rejects.toMatchObject({
      code: 'pool_card_not_sent',
    });
    await publishJoinRequest(request, folder, { remote, git });
    expect(await readJoinRequests({ remote, git })).toEqual([request]);
  },
);

test('of machines that accept lists at once, the newest list stays', async () => {
  await using s = await scene();
  const folder = join(s.remotes.root, 'membership-many');
  const git = { cwd: s.cwd, baseEnv: s.remotes.env };
  const plan = { folder, remote: s.remotes.remote(s.cwd), git, clock: systemClock, host: await systemHost() };
  await mkdir(folder);
  const adopt = (list: MemberList) => new MemberLists(plan).adopt(list.commit, async () => true);
  await Promise.all([...s.lists, ...s.lists.toReversed()].map(adopt));
  expect((await new MemberLists(plan).kept())?.number).toBe(s.lists.length);
});

test('of many memberships recorded at once, none is lost', async () => {
  await using s = await scene();
  const context = { home: s.remotes.root, host: await systemHost(), clock: systemClock };
  const names = Array.from({ length: 8 }, (_, index) => `m${index}`);
  const entry = (name: string) => ({ id: name, name, project: '', config: name, remote: '', prefix: '' });
  await Promise.all(
    names.map((name) => changePoolFile(context, ({ pools, v }) => ({ v, pools: [...pools, entry(name)] }))),
  );
  expect((await readPoolFile(context.home))?.pools.map(({ id }) => id).sort()).toEqual(names);
});
