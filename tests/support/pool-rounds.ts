import { ulid } from 'ulid';
import { expect } from 'vitest';
import type { Claim, Oid, RemoteCommand, Ulid } from '../../src/extensions/pool/board/board.ts';
import { type PoolRemote, parcelRef } from '../../src/extensions/pool/board/git-remote.ts';
import {
  readStateManifest,
  type StateManifest,
  stateManifestText,
} from '../../src/extensions/pool/board/state-manifest.ts';
import { type Random, randomFrom } from '../core/faults/chaos/random.ts';
import type { Remotes } from '../extensions/pool/processes/remotes.ts';
import { type BoardRig, LEASE_MS, type Member, PROJECT } from './board-contract.ts';

const SUMMARY = { status: 'running', phase: 'planning', iteration: 1, at: '2026-01-08T00:00:00.000Z' };

interface HeldState {
  epoch: number;
  commit: Oid;
  manifest: StateManifest;
}

/** A machine that does with board and remote what a member of a pool does, without agents. */
class Machine {
  readonly held = new Map<Ulid, HeldState>();
  /** It does not reach the board, and still believes that it has what it has. */
  isSilent = false;
  readonly #member: Member;
  readonly #remotes: Remotes;
  readonly #folder: string;
  readonly #remote: PoolRemote;
  #acts: readonly RemoteCommand[] = [];

  constructor(member: Member, remotes: Remotes, folder: string) {
    this.#member = member;
    this.#remotes = remotes;
    this.#folder = folder;
    this.#remote = remotes.remote(folder);
  }

  async offer(): Promise<Ulid> {
    const id = ulid();
    const manifest = { id, project: PROJECT, folder: id, needs: [], wanted: true };
    const rest = { v: 1 as const, n: 0, lease: 1, epoch: 0, card: SUMMARY, version: '' };
    const state = await this.#remotes.commit(this.#folder, stateManifestText({ ...manifest, ...rest }));
    await this.#remote.move(parcelRef(id, state), state, undefined);
    await this.#member.board.offer({ ...manifest, state });
    return id;
  }

  async renew(): Promise<void> {
    const { board, host } = this.#member;
    const { held, acts, entries } = await board.renew(host);
    for (const [id, { epoch }] of this.held) if (held.get(id) !== epoch) this.held.delete(id);
    this.#acts = acts;
    for (const [id, epoch] of held) {
      const entry = entries.find((each) => each.id === id);
      if (!this.held.has(id) && entry) await this.#have({ ...entry, epoch, host: host.id });
    }
  }

  async claim(): Promise<void> {
    for (const claim of await this.#member.claim(1)) await this.#have(claim);
  }

  /** @returns the epoch under which the board has accepted a state */
  async publish(id: Ulid, wanted: boolean): Promise<number | undefined> {
    const { board } = this.#member;
    const held = this.held.get(id);
    if (held === undefined) return undefined;
    const { manifest, commit, epoch } = held;
    const answered = answeredIn(manifest);
    const mine = this.#acts.filter(({ session }) => session === id);
    const fresh = mine.filter((act) => !answered.includes(act.id)).map((act) => act.id);
    const next = { ...manifest, n: manifest.n + 1, wanted, version: [...answered, ...fresh].join(' ') };
    const to = await this.#remotes.commit(this.#folder, stateManifestText(next), commit);
    await this.#remote.move(parcelRef(id, to), to, undefined);
    // Whether it believes that it has the session or not: the board alone decides.
    if (!(await board.publish({ id, epoch }, to, { ...SUMMARY, wanted }))) {
      this.held.delete(id);
      return undefined;
    }
    this.held.set(id, { epoch, commit: to, manifest: next });
    await this.#remote.move(parcelRef(id, commit), undefined, commit);
    if (!this.isSilent) await board.settle(mine);
    return epoch;
  }

  async giveBack(id: Ulid): Promise<void> {
    const held = this.held.get(id);
    if (held === undefined || this.isSilent) return;
    const { epoch, manifest } = held;
    if (await this.#member.board.giveBack({ id, epoch }, { wanted: manifest.wanted })) this.held.delete(id);
  }

  async act(session: Ulid): Promise<Ulid> {
    const id = ulid();
    for (const _ of ['once', 'and once more']) await this.#member.board.act(session, id, 'approve');
    return id;
  }

  async #have({ id, epoch, state }: Claim): Promise<void> {
    await this.#remote.fetch(id, state);
    const manifest = await manifestAt(this.#remotes, this.#folder, state);
    const { id: host, name: hostName } = this.#member.host;
    this.held.set(id, { epoch, commit: state, manifest: { ...manifest, host, hostName, epoch } });
  }
}

const answeredIn = ({ version }: StateManifest) => version.split(' ').filter(Boolean);

async function manifestAt({ git }: Remotes, folder: string, oid: Oid): Promise<StateManifest> {
  const reading = readStateManifest(await git(folder, 'log', '-1', '--format=%B', oid));
  if (reading.kind !== 'manifest') throw new Error(reading.kind);
  return reading.manifest;
}

export interface RoundsPlan {
  rounds: number;
  seed: number;
}

/**
 * Machines claim, publish, give back, are silent and forget what they had, in an order that a seed chooses. Every
 * session has one chain of states without gap or double, and no act is lost or done twice.
 */
export async function poolRounds(rig: BoardRig, remotes: Remotes, { rounds, seed }: RoundsPlan) {
  const random = randomFrom(seed);
  const machines: Machine[] = [];
  for (const nth of [1, 2, 3])
    machines.push(new Machine(await rig.join(), remotes, await remotes.machine(`rounds ${nth}`)));
  const [first] = machines as [Machine];
  const sessions: Ulid[] = [];
  for (let nth = 0; nth < 4; nth += 1) sessions.push(await first.offer());
  const accepted = new Map(sessions.map((id) => [id, 0]));
  const sent: Array<[session: Ulid, act: Ulid]> = [];
  let [published, refused] = [0, 0];

  async function publish(machine: Machine): Promise<void> {
    const id = random.oneOf([...machine.held.keys()]);
    if (id === undefined) return;
    const epoch = await machine.publish(id, random.between(1, 8) > 1);
    if (epoch === undefined) refused += 1;
    else {
      published += 1;
      expect(epoch).toBeGreaterThanOrEqual(accepted.get(id) ?? 0);
      accepted.set(id, epoch);
    }
  }
  const live = () => machines.filter(({ isSilent }) => !isSilent);
  const steps: Array<(machine: Machine) => unknown> = [
    publish,
    publish,
    publish,
    async (machine) => {
      if (machine.isSilent) return;
      await machine.renew();
      await machine.claim();
    },
    async (machine) => machine.giveBack(random.oneOf([...machine.held.keys()]) ?? ''),
    async (machine) => {
      const session = random.oneOf(sessions);
      if (session !== undefined) sent.push([session, await machine.act(session)]);
    },
    async () => {
      for (const _ of [1, 2]) {
        await rig.pass(LEASE_MS / 3);
        for (const each of live()) await each.renew();
      }
      for (const each of live()) await each.claim();
      for (const each of machines) if (each.isSilent) await publish(each);
    },
    (machine) => {
      // Now and then for long enough to lose what it has.
      if (machine.isSilent) machine.isSilent = random.between(1, 3) > 1;
      else machine.isSilent = live().length > 1;
    },
    // As after kill -9.
    (machine) => machine.isSilent || machine.held.clear(),
  ];
  for (let round = 0; round < rounds; round += 1) await pick(random, steps)(pick(random, machines));

  for (const machine of machines) machine.isSilent = false;
  const reader = await rig.join();
  const stateOf = async (id: Ulid) => (await reader.board.read(id))?.state ?? '';
  const isSettled = async () => {
    const notes = await Promise.all(
      sessions.map(async (id) => manifestAt(remotes, remotes.url, await stateOf(id))),
    );
    const answered = notes.flatMap(answeredIn);
    return sent.every(([, act]) => answered.includes(act));
  };
  for (let round = 0; round < 60 && !(await isSettled()); round += 1) {
    await rig.pass(LEASE_MS / 3);
    for (const machine of machines) {
      await machine.renew();
      await machine.claim();
      for (const id of machine.held.keys()) await machine.publish(id, true);
    }
  }
  for (const id of sessions) {
    const log = await remotes.git(remotes.url, 'log', '--first-parent', '--format=%H', await stateOf(id));
    const oids = log.split('\n').reverse();
    const notes = await Promise.all(oids.map((oid) => manifestAt(remotes, remotes.url, oid)));
    for (const [index, { n, epoch }] of notes.entries()) {
      const before = notes[index - 1];
      expect(n).toBe((before?.n ?? -1) + 1);
      expect(epoch).toBeGreaterThanOrEqual(before?.epoch ?? 0);
    }
    const acts = sent.filter(([session]) => session === id).map(([, act]) => act);
    expect(answeredIn(notes.at(-1) as StateManifest).sort()).toEqual(acts.sort());
  }
  return { published, refused, acts: sent.length };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return random.oneOf(choices) as T;
}
