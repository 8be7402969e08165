import { ulid } from 'ulid';
import * as z from 'zod';
import { isoUtc } from '../base/clock.ts';
import { parseJson } from '../base/parse-json.ts';
import { GIT_ERRORS } from '../project/git/git-errors.ts';
import type { Board, Claim, Entry, Held, HostCard, Oid, Renewal, SentAct, Ulid } from './board.ts';
import { ACT_REFS, type GitBoardPlan, GitView, HOST_REFS, SESSION_REFS, type Seen } from './git-view.ts';
import { POOL_ERRORS } from './pool-errors.ts';
import { readCommits } from './read-commits.ts';
import { type StateNote, stateNoteText } from './state-note.ts';

const Card = z.object({ id: z.string(), name: z.string(), project: z.string(), labels: z.array(z.string()) });

/**
 * The board without a server: the ref of a session is its lease, and a host shows that it lives by a ref that it moves
 * at each renewal. How long a host has been silent is measured by the clock of whoever observes it, since no two
 * machines need to have the same time.
 */
export class GitBoard implements Board {
  readonly #plan: GitBoardPlan;
  readonly #view: GitView;
  /** States from which this host has tried to claim a session since it has last looked. */
  #tried = new Set<Oid>();
  /** What this host has sent as its sign of life: the last that arrived, and those since. */
  #beats = new Set<Oid>();

  constructor(plan: GitBoardPlan) {
    this.#plan = plan;
    this.#view = new GitView(plan);
  }

  async renew(host: HostCard): Promise<Renewal> {
    await this.#view.look();
    this.#tried.clear();
    await this.#beat(host);
    const seen = [...this.#view.sessions.values()].filter(({ note }) => note.project === host.project);
    const held = new Map(
      seen.flatMap(({ note }) => (note.host === host.id ? [[note.id, note.epoch] as const] : [])),
    );
    const acts = this.#view.acts().filter(({ session }) => held.has(session));
    return { held, acts, entries: seen.map((each) => this.#entry(each)) };
  }

  async hosts(project: Oid): Promise<HostCard[]> {
    const live = [...this.#view.hosts].filter(([name]) => !this.#view.isSilent(name));
    const commits = await readCommits(
      live.map(([, { oid }]) => oid),
      this.#plan.git,
    );
    const cards = commits.flatMap(({ message }) => Card.safeParse(parseJson(message)).data ?? []);
    return cards.filter((card) => card.project === project);
  }

  async offer({ id, state }: Pick<Entry, 'id' | 'state'>): Promise<void> {
    // Refused where it was offered before.
    if (state !== undefined) await this.#push(SESSION_REFS + id, state, undefined);
  }

  async claim(host: HostCard, free: number): Promise<Claim[]> {
    const open = [...this.#view.sessions.values()].filter((seen) => this.#isOpenTo(host, seen));
    open.sort((a, b) => (a.note.id < b.note.id ? -1 : 1));
    const claims: Claim[] = [];
    while (claims.length < free && open.length > 0) {
      // One of the oldest, as many as all hosts could take now: they would all try the same one.
      const among = Math.min(open.length, free * this.#view.hosts.size);
      const [seen] = open.splice(Math.floor(Math.random() * among), 1);
      const claim = seen && (await this.#take(seen, host));
      if (claim) claims.push(claim);
    }
    return claims;
  }

  /** What lists show is in the state itself. */
  async index(held: Held, state: Oid): Promise<boolean> {
    await this.#view.look();
    const seen = this.#view.sessions.get(held.id);
    return seen?.oid === state && isHolder(seen.note, held);
  }

  async giveBack(
    held: Held,
    { wanted, state, notBeforeMs }: { wanted: boolean; state: Oid; notBeforeMs?: number },
  ): Promise<boolean> {
    await this.#view.look();
    const seen = this.#view.sessions.get(held.id);
    if (seen === undefined) return false;
    const { host, hostName: _, ...note } = seen.note;
    // An earlier call, whose answer was lost.
    if (host === undefined && note.epoch === held.epoch && seen.parents[0] === state) return true;
    if (seen.oid !== state || !isHolder(seen.note, held) || this.#view.hasAct(held.id)) return false;
    const notBefore = notBeforeMs && { at: isoUtc(this.#plan.clock.now() + notBeforeMs), ms: notBeforeMs };
    const given = stateNoteText({ ...note, wanted, notBefore: notBefore || undefined });
    const to = await this.#plan.commit(seen.tree, [state], given);
    return await this.#push(SESSION_REFS + held.id, to, state);
  }

  async act(session: Ulid, id: Ulid, command: string): Promise<void> {
    const sealed = await this.#plan.seal(JSON.stringify({ session, id, command }));
    // Refused where it was sent before.
    await this.#push(`${ACT_REFS}${session}/${id}`, sealed, undefined);
  }

  async settle(acts: readonly SentAct[]): Promise<void> {
    for (const act of acts) {
      const oid = this.#view.actAt(act);
      if (oid !== undefined) await this.#push(`${ACT_REFS}${act.session}/${act.id}`, undefined, oid);
    }
  }

  async changed(ms: number, signal: AbortSignal): Promise<void> {
    await this.#plan.clock.sleep(ms, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It keeps nothing open.
  }

  async #beat(host: HostCard): Promise<void> {
    const name = signOf(host.id, host.project);
    const there = this.#view.hosts.get(name)?.oid;
    // Without a name of its own the beat of a copy of this host in the same second would be the same commit.
    const own = { ...host, at: isoUtc(this.#plan.clock.now()), beat: ulid() };
    const beat = await this.#plan.seal(JSON.stringify(own));
    // After a start it takes what it finds for its own.
    const isOwn = there === undefined || this.#beats.size === 0 || this.#beats.has(there);
    this.#beats.add(beat);
    if (!isOwn || !(await this.#push(HOST_REFS + name, beat, there)))
      throw POOL_ERRORS.pool_host_twice({ host: host.name });
    this.#beats = new Set([beat]);
  }

  async #take({ oid, tree, note }: Seen, host: HostCard): Promise<Claim | undefined> {
    this.#tried.add(oid);
    // The claim is signed by this host: without a look at the signature below it would vouch for anybody's state.
    if ((await this.#plan.open(oid)) === undefined) return undefined;
    const { notBefore: _, ...before } = note;
    const mine = { ...before, host: host.id, hostName: host.name, epoch: note.epoch + 1, wanted: true };
    const moved = await this.#plan.commit(tree, [oid], stateNoteText(mine));
    if (!(await this.#push(SESSION_REFS + note.id, moved, oid))) return undefined;
    const { id, project, folder, epoch, wanted, needs, card } = mine;
    const from = note.host;
    return {
      ...{ id, project, folder, epoch, wanted, needs, card, from, moved },
      host: host.id,
      state: moved,
    };
  }

  #isOpenTo(host: HostCard, { oid, note, since }: Seen): boolean {
    const { notBefore, needs } = note;
    const { clock } = this.#plan;
    // By either clock: one that is wrong makes it late by no more than the time itself.
    const isDue =
      notBefore === undefined ||
      clock.now() >= Date.parse(notBefore.at) ||
      clock.monotonic() - since >= notBefore.ms;
    return (
      !this.#tried.has(oid) &&
      note.project === host.project &&
      needs.every((need) => host.labels.includes(need)) &&
      (this.#view.hasAct(note.id) || (note.wanted && isDue)) &&
      (note.host === undefined ||
        (note.host !== host.id && this.#view.isSilent(signOf(note.host, note.project))))
    );
  }

  #entry({ oid, note }: Seen): Entry {
    const { id, project, folder, host, epoch, needs, card } = note;
    return {
      ...{ id, project, folder, host, epoch, needs, card, state: oid },
      wanted: note.wanted || this.#view.hasAct(id),
    };
  }

  /** @returns false when the ref was not where it was expected. @throws git_unreachable */
  async #push(ref: string, to: Oid | undefined, expected: Oid | undefined): Promise<boolean> {
    const push = await this.#plan.remote.move(ref, to, expected);
    if (push === 'unreachable')
      throw GIT_ERRORS.git_unreachable({ subcommand: 'push', cwd: this.#plan.git.cwd });
    return push === 'moved';
  }
}

/** One machine may be in the pools of two projects at one remote. */
function signOf(host: string, project: Oid): string {
  return `${host}-${project.slice(0, 12)}`;
}

function isHolder({ host, epoch }: StateNote, held: Held): boolean {
  return host === held.host && epoch === held.epoch;
}
