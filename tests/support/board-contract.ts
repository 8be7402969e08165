import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import type { Board, Claim, Held, HostInfo, Oid, Ulid } from '../../src/extensions/pool/board/board.ts';
import type { HandClock } from '../core/unit/supervisor/scene.ts';

export const PROJECT = '1'.repeat(40);
const DAY_MS = 24 * 60 * 60_000;
export const LEASE_MS = 45_000;

export interface Member {
  board: Board;
  host: HostInfo;
  clock: HandClock;
  /** Takes sessions that are wanted and that no host has. */
  claim(free: number): Promise<Claim[]>;
}

export const hostOf = (number: number, labels: string[]): HostInfo => ({
  ...{ id: `h${number}`, name: `machine ${number}`, project: PROJECT, labels },
  ...{ slots: 2, level: 'off', version: '0.0.0-test' },
});

export interface NewSession {
  folder?: string;
  needs?: string[];
  project?: Oid;
  wanted?: boolean;
}

/** A pool whose time the test moves. */
export interface BoardRig extends AsyncDisposable {
  join(labels?: string[]): Promise<Member>;
  /** Offers a session whose first state is on the remote. */
  offer(by: Member, session?: NewSession & { id?: Ulid }): Promise<Ulid>;
  /** Publishes a state as whoever has the session does. @returns what `publish` says */
  publish(by: Member, held: Held, wanted: boolean): Promise<{ state: Oid; has: boolean }>;
  /** Time passes for everybody. */
  pass(ms: number): Promise<void>;
  /** It reaches nothing while time passes, and then does again. */
  away(member: Member, ms: number): Promise<void>;
}

const heldOf = ({ id, epoch }: Claim): Held => ({ id, epoch });

const claim = async (member: Member, free = 1) => await member.claim(free);

/** What the board must hold. */
export function boardContract(makeRig: () => Promise<BoardRig>) {
  test('each host that has a session has it with a higher epoch, and one that gave it back is not named', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    const id = await rig.offer(a);
    const [first] = await claim(a);
    expect(first).toMatchObject({ id, host: a.host.id, epoch: 1, from: undefined, wanted: true });
    expect(await claim(b)).toEqual([]);
    const rest = { wanted: true };
    expect(await a.board.giveBack(heldOf(first as Claim), rest)).toBe(true);
    const [second] = await claim(b);
    expect(second).toMatchObject({ id, host: b.host.id, epoch: 2, from: undefined });
    expect((await a.board.renew(a.host)).entries).toMatchObject([{ id, host: b.host.id, epoch: 2 }]);
  });

  test('a session is not given back while an act waits, nor with an old epoch', async () => {
    await using rig = await makeRig();
    const a = await rig.join();
    const session = await rig.offer(a);
    const [first] = await claim(a);
    const held = heldOf(first as Claim);
    const rest = { wanted: false };
    await a.board.act(session, ulid(), 'answer');
    expect(await a.board.giveBack(held, rest)).toBe(false);
    const { held: mine, acts } = await a.board.renew(a.host);
    expect(mine).toEqual(new Map([[session, 1]]));
    await a.board.settle(acts);
    expect(await a.board.giveBack({ ...held, epoch: 0 }, rest)).toBe(false);
    await a.board.renew(a.host);
    expect(await a.board.giveBack(held, rest)).toBe(true);
    expect(await claim(a)).toEqual([]);
    // Again, as after an answer that was lost.
    expect(await a.board.giveBack(held, rest)).toBe(true);
  });

  test('an act that arrives while its session is given back reaches whoever has it then', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    for (let round = 0; round < 5; round += 1) {
      const session = await rig.offer(a);
      const [mine] = (await claim(a, 5)).filter(({ id }) => id === session);
      const id = ulid();
      const rest = { wanted: false };
      const [given] = await Promise.all([
        a.board.giveBack(heldOf(mine as Claim), rest),
        b.board.act(session, id, 'answer'),
      ]);
      if (given) expect(await claim(b, 5)).toMatchObject([{ id: session }]);
      const { acts } = given ? await b.board.renew(b.host) : await a.board.renew(a.host);
      expect(acts).toMatchObject([{ id, session }]);
      await (given ? b : a).board.settle(acts);
    }
  });

  test('a second offer of a session changes nothing', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    const id = await rig.offer(a);
    await claim(a);
    await rig.offer(b, { id });
    expect(await claim(b)).toEqual([]);
    expect((await a.board.renew(a.host)).held).toEqual(new Map([[id, 1]]));
  });

  test('lists show what was published last, and a host that has lost a session publishes nothing of it', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    const id = await rig.offer(a);
    const [first] = await claim(a);
    const { state, has } = await rig.publish(a, heldOf(first as Claim), false);
    expect(has).toBe(true);
    const { entries } = await b.board.renew(b.host);
    expect(entries).toMatchObject([{ id, state, host: a.host.id, wanted: false, card: { iteration: 7 } }]);
    expect(await a.board.giveBack(heldOf(first as Claim), { wanted: true })).toBe(true);
    const [second] = await claim(b);
    expect(second).toMatchObject({ state: expect.any(String), card: { iteration: 7 } });
    expect((await a.board.renew(a.host)).held).toEqual(new Map());
    const card = { status: 'running', phase: 'testing', iteration: 8, at: '2026-01-08T00:00:00.000Z' };
    expect(await a.board.publish(heldOf(first as Claim), state, { ...card, wanted: true })).toBe(false);
  });

  test.each([
    "it's; drop table sessions; --",
    'späte Änderung \u{1F409}',
    'a "b" {c} $1 %s',
    'x'.repeat(255),
  ])('a folder may be called %s', async (folder) => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    await rig.offer(a, { folder, needs: ['claude'] });
    expect(await claim(a)).toMatchObject([{ folder }]);
    expect((await b.board.renew(b.host)).entries).toMatchObject([{ folder }]);
  });
}

/** What it must hold as the one that assigns sessions. @param size of the race of many hosts */
export function claimsContract(makeRig: () => Promise<BoardRig>, size: { hosts: number; sessions: number }) {
  test(`${size.hosts} hosts claim ${size.sessions} sessions at once, and none is claimed twice`, async () => {
    await using rig = await makeRig();
    const first = await rig.join();
    const members = [first];
    while (members.length < size.hosts) members.push(await rig.join());
    const ids: Ulid[] = [];
    for (let nth = 0; nth < size.sessions; nth += 1) ids.push(await rig.offer(first));
    const each = size.sessions / size.hosts;
    const claimed = new Map<Member, Claim[]>(members.map((member) => [member, []]));
    for (let total = 0; total < size.sessions; total = [...claimed.values()].flat().length)
      await Promise.all(
        members.map(async (member) => {
          const mine = claimed.get(member) ?? [];
          if (mine.length < each) mine.push(...(await claim(member, each - mine.length)));
        }),
      );
    const all = [...claimed.values()].flat();
    expect(all.map(({ id }) => id).sort()).toEqual(ids.sort());
    for (const member of members) {
      const { held } = await member.board.renew(member.host);
      expect(held).toEqual(new Map(claimed.get(member)?.map(({ id, epoch }) => [id, epoch])));
    }
  });

  test('the machines of a project are named with what they have, until they are silent', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(['claude']), await rig.join(['codex', 'guard'])];
    await b.board.renew(b.host);
    await a.board.renew(a.host);
    await a.board.renew(a.host);
    const named = (await a.board.hosts(PROJECT)).toSorted((one, other) => (one.id < other.id ? -1 : 1));
    expect(named).toMatchObject([a.host, b.host]);
    expect(await a.board.hosts('2'.repeat(40))).toEqual([]);
    for (const _ of [1, 2, 3]) {
      await rig.pass(LEASE_MS / 3 + 1);
      await a.board.renew(a.host);
    }
    const live = (await a.board.hosts(PROJECT)).filter(({ isLive }) => isLive);
    expect(live).toMatchObject([a.host]);
  });

  test('a silent host keeps its sessions for one lease, then another takes them and the renewal lacks them', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    const id = await rig.offer(a);
    const [lost] = await claim(a);
    const held = heldOf(lost as Claim);
    for (let third = 0; third < 3; third += 1) {
      expect(await claim(b)).toEqual([]);
      await rig.pass(LEASE_MS / 3);
    }
    const [taken] = await claim(b);
    expect(taken).toMatchObject({ id, epoch: 2, from: a.host.id });
    expect((await a.board.renew(a.host)).held).toEqual(new Map());
    expect(await a.board.giveBack(held, { wanted: false })).toBe(false);
    expect((await b.board.renew(b.host)).held).toEqual(new Map([[id, 2]]));
  });

  test('a host that renews keeps its sessions', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    await rig.offer(a);
    await claim(a);
    for (let third = 0; third < 9; third += 1) {
      await a.board.renew(a.host);
      expect(await claim(b)).toEqual([]);
      await rig.pass(LEASE_MS / 3);
    }
  });

  test('an observer that was away itself waits for a whole lease before it takes from a silent host', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    await rig.offer(a);
    await claim(a);
    await claim(b);
    await rig.away(b, 2 * LEASE_MS);
    for (let third = 0; third < 3; third += 1) {
      expect(await claim(b)).toEqual([]);
      await rig.pass(LEASE_MS / 3);
    }
    expect(await claim(b)).toHaveLength(1);
  });

  test.each([DAY_MS, -DAY_MS])(
    'a clock that is wrong by %i ms takes nothing early and nothing late',
    async (wrongBy) => {
      await using rig = await makeRig();
      const [a, b] = [await rig.join(), await rig.join()];
      b.clock.nowMs += wrongBy;
      await rig.offer(a);
      await claim(a);
      for (let third = 0; third < 3; third += 1) {
        expect(await claim(b)).toEqual([]);
        await rig.pass(LEASE_MS / 3);
        b.clock.nowMs -= wrongBy;
      }
      expect(await claim(b)).toHaveLength(1);
    },
  );

  test('a session that was given back for later is claimed then, whatever the clocks say', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    b.clock.nowMs -= DAY_MS;
    await rig.offer(a);
    const [first] = await claim(a);
    const rest = { wanted: true, notBeforeMs: 60_000 };
    expect(await a.board.giveBack(heldOf(first as Claim), rest)).toBe(true);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      expect(await claim(a)).toEqual([]);
      expect(await claim(b)).toEqual([]);
      await rig.pass(15_000);
    }
    expect(await claim(b)).toHaveLength(1);
  });

  test('a session that waits for a person is claimed when an act arrives, which its host finds', async () => {
    await using rig = await makeRig();
    const [a, person] = [await rig.join(), await rig.join()];
    const session = await rig.offer(a, { wanted: false });
    expect(await claim(a)).toEqual([]);
    const act = { id: ulid(), session, command: '{"v":1,"kind":"approve"}\n' };
    await person.board.act(session, act.id, act.command);
    expect(await claim(a)).toMatchObject([{ id: session, wanted: true }]);
    expect((await a.board.renew(a.host)).acts).toEqual([
      { ...act, person: expect.any(String), machine: expect.any(String) },
    ]);
    expect((await person.board.renew(person.host)).acts).toEqual([]);
  });

  test('an act that was sent twice is one, goes to the next host, and is settled once', async () => {
    await using rig = await makeRig();
    const [a, b] = [await rig.join(), await rig.join()];
    const session = await rig.offer(a);
    await claim(a);
    const id = ulid();
    await b.board.act(session, id, 'approve');
    await b.board.act(session, id, 'approve');
    expect((await a.board.renew(a.host)).acts).toMatchObject([{ id, command: 'approve' }]);
    for (let third = 0; third < 3; third += 1) {
      await b.board.renew(b.host);
      await rig.pass(LEASE_MS / 3);
    }
    await claim(b);
    const { acts } = await b.board.renew(b.host);
    expect(acts).toMatchObject([{ id, session, command: 'approve' }]);
    await b.board.settle(acts);
    await b.board.settle(acts);
    expect((await b.board.renew(b.host)).acts).toEqual([]);
  });

  test('a session is claimed where everything that it needs is, for its own project', async () => {
    await using rig = await makeRig();
    const [plain, able] = [await rig.join(['claude']), await rig.join(['guard', 'claude', 'codex'])];
    const id = await rig.offer(plain, { needs: ['codex', 'guard'] });
    await rig.offer(plain, { project: '2'.repeat(40) });
    expect(await claim(plain, 5)).toEqual([]);
    const [claimed, ...others] = await claim(able, 5);
    expect(claimed).toMatchObject({ id, needs: ['codex', 'guard'] });
    expect(others).toEqual([]);
    expect((await plain.board.renew(plain.host)).entries).toHaveLength(1);
  });
}
