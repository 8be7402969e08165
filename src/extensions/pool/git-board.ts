import { ulid } from 'ulid';
import * as z from 'zod';
import { isoUtc } from '../../core/kernel/clock.ts';
import { parseJson } from '../../core/kernel/parse-json.ts';
import { GIT_ERRORS } from '../../core/project/git/git-errors.ts';
import type { Board, Claim, Entry, Held, HostCard, HostSign, Oid, Renewal, SentAct, Ulid } from './board.ts';
import { ACT_REFS, type GitBoardPlan, GitView, HOST_REFS, SESSION_REFS, type Seen } from './git-view.ts';
import { POOL_ERRORS } from './pool-errors.ts';
import { readCommits } from './read-commits.ts';
import { type StateNote, stateNoteText } from './state-note.ts';

const Card = z.object({
  id: z.string(),
  name: z.string(),
  project: z.string(),
  labels: z.array(z.string()),
  nonce: z.string(),
  slots: z.int(),
  level: z.enum(['off', 'guard', 'strict']),
  version: z.string(),
});

/**
 * A board that needs only the git remote: the ref of a session is its lease, and each host moves a heartbeat ref at
 * each renewal. Each host measures the silence of others with its own clock, since clocks can differ.
 */
export class GitBoard implements Board {
  readonly #plan: GitBoardPlan;
  readonly #view: GitView;
  /** States from which this host has tried to claim since the last renewal. */
  #tried = new Set<Oid>();
  /** The heartbeats of this host: the last one that arrived, and those sent since. */
  #beats = new Set<Oid>();

  constructor(plan: GitBoardPlan) {
    this.#plan = plan;
    this.#view = new GitView(plan);
  }

  async renew(host: HostCard): Promise<Renewal> {
    await this.#view.refresh();
    this.#tried.clear();
    await this.#beat(host);
    const seen = [...this.#view.sessions.values()].filter(({ note }) => note.project === host.project);
    const held = new Map(
      seen.flatMap(({ note }) => (note.host === host.id ? [[note.id, note.epoch] as const] : [])),
    );
    const acts = this.#view.acts().filter(({ session }) => held.has(session));
    return { held, acts, entries: seen.map((each) => this.#entry(each)) };
  }

  async hosts(project: Oid): Promise<HostSign[]> {
    const live = [...this.#view.hosts].filter(([name]) => !this.#view.isSilent(name));
    const commits = await readCommits(
      live.map(([, { oid }]) => oid),
      this.#plan.git,
    );
    const cards = commits.flatMap(({ message }) => Card.safeParse(parseJson(message)).data ?? []);
    const sign = { seenMsAgo: 0, isLive: true, isRemoved: false, login: '' };
    return cards.filter((card) => card.project === project).map((card) => ({ ...card, ...sign }));
  }

  async remove(): Promise<undefined> {
    // The members decide for themselves whose states count.
  }

  async forget(): Promise<void> {
    // The session's refs are all there is.
  }

  async raise(): Promise<boolean> {
    // The epoch is part of the published state.
    return true;
  }

  async offer({ id, state }: Pick<Entry, 'id' | 'state'>): Promise<void> {
    // The remote refuses the push if the session was offered before.
    if (state !== undefined) await this.#push(SESSION_REFS + id, state, undefined);
  }

  async claim(host: HostCard, free: number): Promise<Claim[]> {
    const open = [...this.#view.sessions.values()].filter((seen) => this.#isOpenTo(host, seen));
    open.sort((a, b) => (a.note.id < b.note.id ? -1 : 1));
    const claims: Claim[] = [];
    while (claims.length < free && open.length > 0) {
      // Picks at random among the oldest, because otherwise all hosts would try the same session.
      const among = Math.min(open.length, free * this.#view.hosts.size);
      const [seen] = open.splice(Math.floor(Math.random() * among), 1);
      const claim = seen && (await this.#take(seen, host));
      if (claim) claims.push(claim);
    }
    return claims;
  }

  /** Stores nothing, because the state itself contains what lists show. */
  async index(held: Held, state: Oid): Promise<boolean> {
    await this.#view.refresh();
    const seen = this.#view.sessions.get(held.id);
    return seen?.oid === state && isHolder(seen.note, held);
  }

  async giveBack(
    held: Held,
    { wanted, state, notBeforeMs }: { wanted: boolean; state: Oid; notBeforeMs?: number },
  ): Promise<boolean> {
    await this.#view.refresh();
    const seen = this.#view.sessions.get(held.id);
    if (seen === undefined) return false;
    const { host, hostName: _, ...note } = seen.note;
    // An earlier call succeeded, but its answer was lost.
    if (host === undefined && note.epoch === held.epoch && seen.parents[0] === state) return true;
    if (seen.oid !== state || !isHolder(seen.note, held) || this.#view.hasAct(held.id)) return false;
    const notBefore = notBeforeMs && { at: isoUtc(this.#plan.clock.now() + notBeforeMs), ms: notBeforeMs };
    const given = stateNoteText({ ...note, wanted, notBefore: notBefore || undefined });
    const to = await this.#plan.commit(seen.tree, [state], given);
    return await this.#push(SESSION_REFS + held.id, to, state);
  }

  async act(session: Ulid, id: Ulid, command: string): Promise<void> {
    const sealed = await this.#plan.seal(JSON.stringify({ session, id, command }));
    // The remote refuses the push if the act was sent before.
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
    // Nothing is kept open.
  }

  async #beat(host: HostCard): Promise<void> {
    const name = heartbeatName(host.id, host.project);
    const there = this.#view.hosts.get(name)?.oid;
    // Without the ULID, a cloned host beating in the same second would make the same commit and go unnoticed.
    const own = { ...host, at: isoUtc(this.#plan.clock.now()), beat: ulid() };
    const beat = await this.#plan.seal(JSON.stringify(own));
    // After a start, an existing heartbeat is assumed to be from this host.
    const isOwn = there === undefined || this.#beats.size === 0 || this.#beats.has(there);
    this.#beats.add(beat);
    if (!isOwn || !(await this.#push(HOST_REFS + name, beat, there)))
      throw POOL_ERRORS.pool_host_twice({ host: host.name });
    this.#beats = new Set([beat]);
  }

  async #take({ oid, tree, note }: Seen, host: HostCard): Promise<Claim | undefined> {
    this.#tried.add(oid);
    // This host signs the claim, so it must verify the state first: otherwise it would vouch for an untrusted one.
    if ((await this.#plan.open(oid)) === undefined) return undefined;
    const { notBefore: _, ...before } = note;
    const mine = { ...before, host: host.id, hostName: host.name, epoch: note.epoch + 1, wanted: true };
    const moved = await this.#plan.commit(tree, [oid], stateNoteText(mine));
    if (!(await this.#push(SESSION_REFS + note.id, moved, oid))) return undefined;
    const { id, project, folder, epoch, wanted, needs, card } = mine;
    const from = note.host;
    return {
      id,
      project,
      folder,
      epoch,
      wanted,
      needs,
      card,
      from,
      moved,
      host: host.id,
      state: moved,
    };
  }

  #isOpenTo(host: HostCard, { oid, note, since }: Seen): boolean {
    const { notBefore, needs } = note;
    const { clock } = this.#plan;
    // Due by either clock, so that a wrong wall clock delays it by `notBefore.ms` at most.
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
        (note.host !== host.id && this.#view.isSilent(heartbeatName(note.host, note.project))))
    );
  }

  #entry({ oid, note }: Seen): Entry {
    const { id, project, folder, host, epoch, needs, card } = note;
    return {
      id,
      project,
      folder,
      host,
      epoch,
      needs,
      card,
      state: oid,
      wanted: note.wanted || this.#view.hasAct(id),
    };
  }

  /** @returns false if the ref was not at `expected` */
  async #push(ref: string, to: Oid | undefined, expected: Oid | undefined): Promise<boolean> {
    const push = await this.#plan.remote.move(ref, to, expected);
    if (push === 'unreachable')
      throw GIT_ERRORS.git_unreachable({ subcommand: 'push', cwd: this.#plan.git.cwd });
    return push === 'moved';
  }
}

/** Includes the project, because a machine can join the pools of two projects on the same remote. */
function heartbeatName(host: string, project: Oid): string {
  return `${host}-${project.slice(0, 12)}`;
}

function isHolder({ host, epoch }: StateNote, held: Held): boolean {
  return host === held.host && epoch === held.epoch;
}
