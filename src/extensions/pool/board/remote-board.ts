import type { Clock } from '../../../core/kernel/clock.ts';
import { identityAt } from '../../../core/kernel/files/path-stats.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { GIT_ERRORS } from '../../../core/project/git/git-errors.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import type { Board, Claim, Entry, Held, HostInfo, Oid, RemoteCommand, Renewal, Ulid } from './board.ts';
import { POOL_REFS, type PoolRemote, sessionRef } from './git-remote.ts';
import { type SignedText, textToSign, verifiedCommand } from './signed-command.ts';
import { readStateManifest, type StateManifest, stateManifestText } from './state-manifest.ts';

export interface RemoteBoardPlan {
  remote: PoolRemote;
  /** The local repository, which has copies of the refs. */
  git: GitContext & { cwd: string };
  clock: Clock;
  /** A file that ends the wait for the next look when it changes. */
  bell?: string;
  /** Makes a signed commit without files. */
  sign(text: string): Promise<Oid>;
  /** Returns a commit's message and the member whose key signed it; undefined if this host does not trust the key. */
  verify(oid: Oid): Promise<SignedText | undefined>;
  /** The number of the list of members; a higher one can decide otherwise about a key. */
  listNumber(): Promise<number | undefined>;
  commit(tree: Oid, parents: readonly Oid[], manifest: string): Promise<Oid>;
}

interface CommitText {
  oid: Oid;
  tree: Oid;
  parents: readonly Oid[];
  message: string;
}

type Seen = CommitText & { manifest: StateManifest };
type Refs = ReadonlyMap<string, Oid>;
interface SeenAct {
  oid: Oid;
  /** Undefined if no trusted key signed it, or while it is not verified. */
  act?: RemoteCommand;
  /** The number of the list of members with which it was verified, and the monotonic time. */
  list?: number;
  atMs?: number;
}

const SESSION_REFS = sessionRef('');
const ACT_REFS = `${POOL_REFS}acts/`;
const ALL = [`${SESSION_REFS}*`, `${ACT_REFS}*`];

/** More names than this do not fit on every command line. */
const MANY = 200;
/** Verifying an act starts several processes, and anyone who may push can leave acts. */
const MAX_VERIFIED = 50;
const VERIFY_AGAIN_MS = 60 * 60_000;
const TICK_MS = 1000;
/** After sending an act, this host looks more often for a while, because a person waits for the answer. */
const SOON_MS = 5000;
const SOON_FOR_MS = 120_000;

/**
 * The board of a pool without a database: the ref of a session names its host, and only a person moves it to another
 * one. Nothing is written while nothing happens.
 */
export class RemoteBoard implements Board {
  readonly #plan: RemoteBoardPlan;
  #sessions: ReadonlyMap<Ulid, Seen> = new Map();
  /** By ref. */
  #acts: ReadonlyMap<string, SeenAct> = new Map();
  #looking: Promise<void> = Promise.resolve();
  #actedAtMs = Number.NEGATIVE_INFINITY;
  /** The identity of the bell when a wait last ended for it: it can also ring while no wait is under way. */
  #rungAt: string;

  constructor(plan: RemoteBoardPlan) {
    this.#plan = plan;
    this.#rungAt = identityAt(plan.bell ?? '');
  }

  async renew(host: HostInfo): Promise<Renewal> {
    await this.#look();
    const seen = [...this.#sessions.values()].filter(({ manifest }) => manifest.project === host.project);
    const held = new Map(
      seen.flatMap(({ manifest }) =>
        manifest.host === host.id ? [[manifest.id, manifest.epoch] as const] : [],
      ),
    );
    const acts = this.#sentActs().filter(({ session }) => held.has(session));
    return { held, acts, entries: seen.map((each) => this.#entry(each)) };
  }

  async hosts(): Promise<never[]> {
    return [];
  }

  async remove(): Promise<undefined> {
    // The list of members says whose states count.
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
    if (state !== undefined) await this.#push(sessionRef(id), state, undefined);
  }

  /** Only a person takes a session. */
  async claim(): Promise<Claim[]> {
    return [];
  }

  /**
   * Stores nothing, because the state itself contains what lists show. The remote has just accepted the state, and a
   * server with several copies may show an older one for a while.
   */
  async index(held: Held): Promise<boolean> {
    const manifest = this.#sessions.get(held.id)?.manifest;
    return manifest === undefined || manifest.epoch < held.epoch || isHolder(manifest, held);
  }

  async giveBack(held: Held, { wanted, state }: { wanted: boolean; state: Oid }): Promise<boolean> {
    await this.#look();
    const seen = this.#sessions.get(held.id);
    if (seen === undefined) return false;
    const { host, hostName: _, ...manifest } = seen.manifest;
    // An earlier call succeeded, but its answer was lost.
    if (host === undefined && manifest.epoch === held.epoch && seen.parents[0] === state) return true;
    if (seen.oid !== state || !isHolder(seen.manifest, held) || this.#hasAct(held.id)) return false;
    const to = await this.#plan.commit(seen.tree, [state], stateManifestText({ ...manifest, wanted }));
    return await this.#push(sessionRef(held.id), to, state);
  }

  async act(session: Ulid, id: Ulid, command: string): Promise<void> {
    const ref = `${ACT_REFS}${session}/${id}`;
    // It can wait for days: until a person takes the session, or its machine is back.
    if (this.#acts.has(ref)) return;
    const signed = await this.#plan.sign(textToSign({ session, id, command }));
    // The remote refuses the push if the act was sent before.
    if (await this.#push(ref, signed, undefined)) this.#actedAtMs = this.#plan.clock.monotonic();
  }

  async settle(acts: readonly RemoteCommand[]): Promise<void> {
    for (const { session, id } of acts) {
      const ref = `${ACT_REFS}${session}/${id}`;
      const there = this.#acts.get(ref);
      if (there !== undefined) await this.#push(ref, undefined, there.oid);
    }
  }

  async changed(ms: number, signal: AbortSignal): Promise<void> {
    const { clock, bell = '' } = this.#plan;
    const begun = clock.monotonic();
    for (let waitedMs = 0; waitedMs < ms; waitedMs = clock.monotonic() - begun) {
      const isSoon = clock.monotonic() - this.#actedAtMs < SOON_FOR_MS;
      if (isSoon && waitedMs >= SOON_MS) return;
      const rung = identityAt(bell);
      if (rung !== this.#rungAt) {
        this.#rungAt = rung;
        return;
      }
      await clock.sleep(Math.min(TICK_MS, ms - waitedMs), signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is kept open.
  }

  /** Calls run one at a time, so that no older result replaces a newer one. */
  async #look(): Promise<void> {
    const look = this.#looking.then(() => this.#lookNow());
    this.#looking = look.catch(() => undefined);
    await look;
  }

  async #lookNow(): Promise<void> {
    const { remote, git } = this.#plan;
    const there = await remote.list(...ALL);
    const list = await runGit(
      ['for-each-ref', '--format=%(refname) %(objectname)', SESSION_REFS, ACT_REFS],
      git,
    );
    const rows = list.stdout.split('\n').filter(Boolean);
    const here = new Map(rows.map((row) => row.split(' ') as [string, Oid]));
    const names = new Set([...there.keys(), ...here.keys()]);
    const changed = [...names].filter((name) => there.get(name) !== here.get(name));
    // As patterns, because a name that is gone would make the fetch fail; a pattern removes its copy here.
    const patterns = changed.length > MANY ? ALL : changed.map((name) => `${name}*`);
    if (patterns.length > 0) await remote.fetch(patterns);
    await this.#readSessions(there);
    await this.#readActs(there);
  }

  async #readSessions(there: Refs): Promise<void> {
    const refs = [...there].filter(([ref]) => ref.startsWith(SESSION_REFS));
    const known = new Map([...this.#sessions.values()].map((seen) => [seen.oid, seen]));
    const fresh = refs.map(([, oid]) => oid).filter((oid) => !known.has(oid));
    for (const commit of await readCommits(fresh, this.#plan.git)) {
      const reading = readStateManifest(commit.message);
      if (reading.kind === 'manifest') known.set(commit.oid, { ...commit, manifest: reading.manifest });
    }
    const seen = refs.flatMap(([ref, oid]) => {
      const state = known.get(oid);
      // A state under the ref of another session is ignored.
      return state && ref === sessionRef(state.manifest.id) ? [[state.manifest.id, state] as const] : [];
    });
    this.#sessions = new Map(seen);
  }

  async #readActs(there: Refs): Promise<void> {
    const { clock, listNumber } = this.#plan;
    const [list, atMs] = [await listNumber(), clock.monotonic()];
    const acts = new Map<string, SeenAct>();
    let verified = 0;
    for (const [ref, oid] of there) {
      if (!ref.startsWith(ACT_REFS)) continue;
      const before = this.#acts.get(ref);
      const known: SeenAct = before?.oid === oid ? before : { oid };
      const isFresh = known.act !== undefined || atMs - (known.atMs ?? -VERIFY_AGAIN_MS) < VERIFY_AGAIN_MS;
      const isDue = (known.list !== list || !isFresh) && verified < MAX_VERIFIED;
      if (isDue) verified += 1;
      acts.set(ref, isDue ? { oid, act: await this.#verifyCommand(ref, oid), list, atMs } : known);
    }
    this.#acts = acts;
  }

  async #verifyCommand(ref: string, oid: Oid): Promise<RemoteCommand | undefined> {
    const verified = await this.#plan.verify(oid);
    const [session = '', id = ''] = ref.slice(ACT_REFS.length).split('/');
    return verified && verifiedCommand(verified, { session, id });
  }

  #sentActs(): RemoteCommand[] {
    return [...this.#acts.values()].flatMap(({ act }) => act ?? []);
  }

  #hasAct(id: Ulid): boolean {
    return this.#sentActs().some(({ session }) => session === id);
  }

  #entry({ oid: state, manifest }: Seen): Entry {
    const { id, project, folder, host, epoch, needs, card } = manifest;
    const wanted = manifest.wanted || this.#hasAct(id);
    return { id, project, folder, host, epoch, needs, card, state, wanted };
  }

  /** @returns false if the ref was not at `expected` */
  async #push(ref: string, to: Oid | undefined, expected: Oid | undefined): Promise<boolean> {
    const push = await this.#plan.remote.move(ref, to, expected);
    if (push === 'unreachable')
      throw GIT_ERRORS.git_unreachable({ subcommand: 'push', cwd: this.#plan.git.cwd });
    return push === 'moved';
  }
}

function isHolder({ host, epoch }: StateManifest, held: Held): boolean {
  return host === held.host && epoch === held.epoch;
}

const MAX_COMMITS_BYTES = 64 * 1024 * 1024;

/** Reads commits in one call; skips ids that are missing or do not name a commit. */
async function readCommits(oids: readonly Oid[], git: GitContext & { cwd: string }): Promise<CommitText[]> {
  if (oids.length === 0) return [];
  // latin1 has one character per byte, and git prints lengths in bytes.
  const more = { input: `${oids.join('\n')}\n`, encoding: 'latin1', maxChars: MAX_COMMITS_BYTES } as const;
  const { stdout } = await runGit(['cat-file', '--batch'], { ...git, ...more });
  const commits: CommitText[] = [];
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf('\n', at);
    const [oid = '', type, size] = stdout.slice(at, end).split(' ');
    // The line "<oid> missing" has no type and no size.
    const last = end + 1 + Number(size ?? -1);
    if (type === 'commit') commits.push(commitOf(oid, stdout.slice(end + 1, last)));
    at = last + 1;
  }
  return commits;
}

function commitOf(oid: Oid, text: string): CommitText {
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, end).split('\n');
  const all = (key: string) =>
    lines.flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const message = Buffer.from(text.slice(end + 2), 'latin1').toString('utf8');
  return { oid, tree: all('tree')[0] ?? '', parents: all('parent'), message: message.trim() };
}
