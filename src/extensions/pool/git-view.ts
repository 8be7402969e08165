import * as z from 'zod';
import type { Clock } from '../../core/kernel/clock.ts';
import { parseJson } from '../../core/kernel/parse-json.ts';
import { runGit } from '../../core/project/git/git.ts';
import type { GitContext } from '../../core/project/git/repository.ts';
import type { Oid, SentAct, Ulid } from './board.ts';
import { POOL_REFS } from './git-remote.ts';
import { type CommitText, readCommits } from './read-commits.ts';
import type { PoolRemote } from './remote.ts';
import { readStateNote, type StateNote } from './state-note.ts';

export interface GitBoardPlan {
  remote: PoolRemote;
  /** The local repository, which has copies of the refs. */
  git: GitContext & { cwd: string };
  clock: Clock;
  leaseMs: number;
  /** Makes a signed commit without files. */
  seal(text: string): Promise<Oid>;
  /** Returns a commit's message and the person whose key signed it; undefined if this host does not trust the key. */
  open(oid: Oid): Promise<{ text: string; person: string } | undefined>;
  commit(tree: Oid, parents: readonly Oid[], note: string): Promise<Oid>;
}

export interface Seen extends CommitText {
  note: StateNote;
  /** The time at which it was first seen, in monotonic milliseconds. */
  since: number;
}

type Refs = ReadonlyArray<readonly [name: string, oid: Oid]>;

export const SESSION_REFS = `${POOL_REFS}sessions/`;
export const HOST_REFS = `${POOL_REFS}hosts/`;
export const ACT_REFS = `${POOL_REFS}acts/`;
const Sealed = z.object({ session: z.string(), id: z.string(), command: z.string() });

/** The refs of a pool as this host last fetched them, and the time at which it first saw each value. */
export class GitView {
  sessions: ReadonlyMap<Ulid, Seen> = new Map();
  /** By host and project: the last heartbeat and the time at which it was first seen. */
  hosts: ReadonlyMap<string, { oid: Oid; since: number }> = new Map();
  readonly #plan: GitBoardPlan;
  /** By name below acts/; `act` is undefined if no trusted key signed it. */
  #acts: ReadonlyMap<string, { oid: Oid; act: SentAct | undefined }> = new Map();
  #refreshedAt = Number.NEGATIVE_INFINITY;
  /** The start of the current run of timely refreshes: a host that was cut off must not call others silent. */
  #connectedSince = 0;
  #refreshing: Promise<unknown> = Promise.resolve();

  constructor(plan: GitBoardPlan) {
    this.#plan = plan;
  }

  /** Fetches and reads the refs. Calls run one at a time, so that no older result replaces a newer one. */
  async refresh(): Promise<void> {
    const refresh = this.#refreshing.then(() => this.#refreshNow());
    this.#refreshing = refresh.catch(() => {
      this.#refreshedAt = Number.NEGATIVE_INFINITY;
    });
    await refresh;
  }

  acts(): SentAct[] {
    return [...this.#acts.values()].flatMap(({ act }) => act ?? []);
  }

  hasAct(session: Ulid): boolean {
    return this.acts().some((act) => act.session === session);
  }

  actAt({ session, id }: SentAct): Oid | undefined {
    return this.#acts.get(`${session}/${id}`)?.oid;
  }

  /** Whether a host has not moved its ref for a whole lease, while this host refreshed without a gap. */
  isSilent(host: string): boolean {
    const since = Math.max(this.hosts.get(host)?.since ?? 0, this.#connectedSince);
    return this.#refreshedAt - since >= this.#plan.leaseMs;
  }

  async #refreshNow(): Promise<void> {
    const { remote, git, clock, leaseMs } = this.#plan;
    // A fetch, because ls-remote can make the server send every ref that it has.
    await remote.fetch([`${POOL_REFS}*`]);
    const now = clock.monotonic();
    if (now - this.#refreshedAt > leaseMs) this.#connectedSince = now;
    this.#refreshedAt = now;
    const list = await runGit(['for-each-ref', '--format=%(refname) %(objectname)', POOL_REFS], git);
    const refs = list.stdout.split('\n').map((line) => line.split(' '));
    const below = (prefix: string): Refs =>
      refs.flatMap(([name = '', oid = '']) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), oid]] : [],
      );
    const hosts = below(HOST_REFS).map(([host, oid]) => {
      const before = this.hosts.get(host);
      return [host, before?.oid === oid ? before : { oid, since: now }] as const;
    });
    this.hosts = new Map(hosts);
    await this.#readSessions(below(SESSION_REFS), now);
    await this.#readActs(below(ACT_REFS));
  }

  async #readSessions(refs: Refs, since: number): Promise<void> {
    const known = new Map([...this.sessions.values()].map((seen) => [seen.oid, seen]));
    const fresh = refs.map(([, oid]) => oid).filter((oid) => !known.has(oid));
    for (const commit of await readCommits(fresh, this.#plan.git)) {
      const reading = readStateNote(commit.message);
      if (reading.kind === 'note') known.set(commit.oid, { ...commit, note: reading.note, since });
    }
    // A state under the ref of another session is ignored.
    const seen = refs.flatMap(([id, oid]) => {
      const state = known.get(oid);
      return state?.note.id === id ? [[id, state] as const] : [];
    });
    this.sessions = new Map(seen);
  }

  async #readActs(refs: Refs): Promise<void> {
    const acts = new Map<string, { oid: Oid; act: SentAct | undefined }>();
    for (const [name, oid] of refs) {
      const before = this.#acts.get(name);
      // An act with an untrusted key is verified again, because the key may be trusted by now.
      const isKnown = before?.oid === oid && before.act !== undefined;
      acts.set(name, isKnown ? before : { oid, act: await this.#openAct(name, oid) });
    }
    this.#acts = acts;
  }

  async #openAct(name: string, oid: Oid): Promise<SentAct | undefined> {
    const opened = await this.#plan.open(oid);
    const { data } = Sealed.safeParse(parseJson(opened?.text ?? ''));
    const isUnderItsRef = data !== undefined && name === `${data.session}/${data.id}`;
    return opened && isUnderItsRef ? { ...data, person: opened.person } : undefined;
  }
}
