import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { parseJson } from '../base/parse-json.ts';
import { runGit } from '../project/git/git.ts';
import type { GitContext } from '../project/git/repository.ts';
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
  /** The message of a commit and whose key has signed it; undefined when that is nobody's whom this host trusts. */
  open(oid: Oid): Promise<{ text: string; person: string } | undefined>;
  /** Makes a signed commit of a state. */
  commit(tree: Oid, parents: readonly Oid[], note: string): Promise<Oid>;
}

export interface Seen extends CommitText {
  note: StateNote;
  /** Monotonic milliseconds. */
  since: number;
}

type Refs = ReadonlyArray<readonly [name: string, oid: Oid]>;

export const SESSION_REFS = `${POOL_REFS}sessions/`;
export const HOST_REFS = `${POOL_REFS}hosts/`;
export const ACT_REFS = `${POOL_REFS}acts/`;
const Sealed = z.object({ session: z.string(), id: z.string(), command: z.string() });

/** The refs of a pool as one host has seen them, and for how long they have been as they are. */
export class GitView {
  sessions: ReadonlyMap<Ulid, Seen> = new Map();
  /** By host and project: where the sign of life was, and since when it has been seen there. */
  hosts: ReadonlyMap<string, { oid: Oid; since: number }> = new Map();
  readonly #plan: GitBoardPlan;
  /** By name below acts/; undefined: sealed by nobody whom this host trusts. */
  #acts: ReadonlyMap<string, { oid: Oid; act: SentAct | undefined }> = new Map();
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Since when every look has shown the remote, without a gap. */
  #connectedSince = 0;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(plan: GitBoardPlan) {
    this.#plan = plan;
  }

  /** One after the other, so that no older look replaces a newer one. */
  async look(): Promise<void> {
    const look = this.#looking.then(() => this.#lookNow());
    this.#looking = look.catch(() => undefined);
    await look;
  }

  acts(): SentAct[] {
    return [...this.#acts.values()].flatMap(({ act }) => act ?? []);
  }

  hasAct(session: Ulid): boolean {
    return this.acts().some((act) => act.session === session);
  }

  /** Where the ref of an act is. */
  actAt({ session, id }: SentAct): Oid | undefined {
    return this.#acts.get(`${session}/${id}`)?.oid;
  }

  /** Whether a host has not moved its ref for a whole lease, all of which this one has watched. */
  isSilent(host: string): boolean {
    const since = Math.max(this.hosts.get(host)?.since ?? 0, this.#connectedSince);
    return this.#lookedAt - since >= this.#plan.leaseMs;
  }

  async #lookNow(): Promise<void> {
    const { remote, git, clock, leaseMs } = this.#plan;
    // Not ls-remote, for which a server sends every ref that it has.
    await remote.fetch([`${POOL_REFS}*`]);
    const now = clock.monotonic();
    if (now - this.#lookedAt > leaseMs / 2) this.#connectedSince = now;
    this.#lookedAt = now;
    const list = await runGit(['for-each-ref', '--format=%(refname) %(objectname)', POOL_REFS], git);
    const refs = list.stdout.split('\n').map((line) => line.split(' '));
    const below = (prefix: string): Refs =>
      refs.flatMap(([name = '', oid = '']) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), oid]] : [],
      );
    const signs = below(HOST_REFS).map(([host, oid]) => {
      const before = this.hosts.get(host);
      return [host, before?.oid === oid ? before : { oid, since: now }] as const;
    });
    this.hosts = new Map(signs);
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
    // The state of one session in the place of another is nobody's.
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
      // One that nobody trusted is tried again: somebody may have been trusted since.
      const isKnown = before?.oid === oid && before.act !== undefined;
      acts.set(name, isKnown ? before : { oid, act: await this.#openAct(name, oid) });
    }
    this.#acts = acts;
  }

  async #openAct(name: string, oid: Oid): Promise<SentAct | undefined> {
    const opened = await this.#plan.open(oid);
    const { data } = Sealed.safeParse(parseJson(opened?.text ?? ''));
    const isItsOwn = data !== undefined && name === `${data.session}/${data.id}`;
    return opened && isItsOwn ? { ...data, person: opened.person } : undefined;
  }
}
