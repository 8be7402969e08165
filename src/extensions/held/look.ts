import { join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { type Clock, isoUtc } from '../../core/kernel/clock.ts';
import { statsAt } from '../../core/kernel/files/path-stats.ts';
import { branchStatusOf, refsOf } from '../../core/project/finishing/base-branch.ts';
import { type GitOptions, gitLine, readRecords } from '../../core/project/git/git.ts';
import { isGitError } from '../../core/project/git/git-errors.ts';
import { commitOf, commitsOf, commonDirOf, isAncestor } from '../../core/project/git/repository.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { branchOfWork, isMerged } from '../../core/session/waits/start-order.ts';
import { follow, keyOf, type LaterCommit, type Own, stepsTo, WATCH_MS, type Walk } from './follow.ts';
import { type HeldRecord, readHeld, writeHeld } from './held-file.ts';
import { type Pair, readPatches } from './patches.ts';

const DAY_MS = 24 * 3_600_000;
const LOOK_MS = 5000;
const LOOK_COMMITS = 2000;
const MAX_OWN_COMMITS = 500;
/** So long after it was done, the merge of a session is looked for that was made without samocode. */
const UNMERGED_MS = 30 * DAY_MS;

export type LookContext = Pick<ActionContext, 'env'> & { clock: Pick<Clock, 'now' | 'monotonic'> };

/** Asks git what became of merged sessions: at most once a day for a repository, and for seven days. */
export async function lookAtMerged(views: readonly SessionView[], context: LookContext): Promise<void> {
  for (const sessionsDir of new Set(views.map(({ paths }) => paths.sessionsDir))) {
    const here = views.filter(({ paths }) => paths.sessionsDir === sessionsDir);
    await lookAtSessions(sessionsDir, here, context);
  }
}

async function lookAtSessions(
  sessionsDir: string,
  views: readonly SessionView[],
  context: LookContext,
): Promise<void> {
  const nowMs = context.clock.now();
  const file = await readHeld(sessionsDir);
  const isDue = (mainRepo: string) =>
    Math.abs(nowMs - Date.parse(file.lookedAt[mainRepo] ?? isoUtc(0))) >= DAY_MS;
  const merged = views.flatMap((view) => {
    const session = sessionOf(view, file.sessions[view.folder], nowMs);
    return session !== undefined && isDue(session.mainRepo) ? [session] : [];
  });
  if (merged.length === 0) return;
  for (const mainRepo of new Set(merged.map((session) => session.mainRepo))) {
    file.lookedAt[mainRepo] = isoUtc(nowMs);
    const sessions = merged.filter((session) => session.mainRepo === mainRepo);
    const found = await lookAtRepository(mainRepo, sessions, context);
    for (const [folder, record] of found) file.sessions[folder] = record;
  }
  await writeHeld(sessionsDir, file);
}

type Branch = NonNullable<ReturnType<typeof branchOfWork>>;

interface Session extends Branch {
  folder: string;
  /** By the log, or by git at an earlier look. */
  isMerged: boolean;
  /** By the log. */
  merge: string | undefined;
  pullRequest: string | undefined;
  doneMs: number;
  record: HeldRecord | undefined;
}

/** A session that may be merged, and whose seven days were not over at the last look. */
function sessionOf(view: SessionView, record: HeldRecord | undefined, nowMs: number): Session | undefined {
  const branch = branchOfWork(view);
  const { status, lastMerge, pullRequest } = view.state;
  if (branch === undefined || status.kind !== 'done') return undefined;
  const doneMs = Date.parse(status.since);
  const isKnown = record !== undefined || isMerged(view);
  const { since, lookedAt } = record ?? {};
  const isOver = since !== undefined && Date.parse(lookedAt ?? '') >= Date.parse(since) + WATCH_MS;
  if (isOver || (since === undefined && nowMs > doneMs + UNMERGED_MS)) return undefined;
  const request =
    pullRequest && `${pullRequest.repository.split('/').slice(1).join('/')}#${pullRequest.number}`;
  const merge = (lastMerge?.outcome === 'merged' ? lastMerge.commit : undefined) ?? pullRequest?.mergeCommit;
  return { ...branch, folder: view.folder, isMerged: isKnown, merge, pullRequest: request, doneMs, record };
}

/** A session, the commit from which it is followed, and what that needs of git. */
interface Begun {
  session: Session;
  before: HeldRecord | undefined;
  own: Own;
  /** To be read before its patches are known. */
  ownPairs: readonly Pair[];
  walk: Omit<Walk, 'own'>;
}

async function lookAtRepository(
  mainRepo: string,
  sessions: readonly Session[],
  { env, clock }: LookContext,
): Promise<Map<string, HeldRecord>> {
  const endsAtMs = clock.monotonic() + LOOK_MS;
  const found = new Map<string, HeldRecord>();
  const nowMs = clock.now();
  const look = new Look(mainRepo, { env, nowMs, leftMs: () => endsAtMs - clock.monotonic() });
  const begun: Begun[] = [];
  // git has more to say about a merge that the log does not know.
  for (const session of sessions.toSorted((a, b) => Number(b.isMerged) - Number(a.isMerged))) {
    try {
      const one = await look.begin(session);
      if (one === 'lost') found.set(session.folder, unread(session, 'lost', nowMs));
      else if (one !== undefined) begun.push(one);
    } catch (error) {
      // A folder that is away, or no time left.
      if (!isGitError(error)) throw error;
      if (session.isMerged) found.set(session.folder, unread(session, 'limit', nowMs));
    }
  }
  const ownPairs = begun.flatMap((each) => each.ownPairs);
  const steps = begun.flatMap(({ walk }) => walk.steps).toSorted((a, b) => a.atMs - b.atMs);
  const wanted = new Map(
    steps.map(({ commit, parent }) => [keyOf([commit, parent]), [commit, parent] as const]),
  );
  const pairs = [...ownPairs, ...[...wanted.values()].slice(0, LOOK_COMMITS)];
  const read = await readPatches(pairs, look.git());
  const patches = new Map(read.map((patch, at) => [keyOf(pairs[at] ?? ['', '']), patch]));
  for (const { session, before, own, ownPairs: ours, walk } of begun) {
    const all = ours.map((pair) => patches.get(keyOf(pair)));
    const ids = all.flatMap((patch) => patch?.id ?? []);
    const { commits } = own;
    const record = all.includes(undefined)
      ? unread(session, 'limit', nowMs)
      : follow({ ...walk, own: { commits, patches: [...own.patches, ...ids] } }, patches, before);
    found.set(session.folder, record);
  }
  return found;
}

/** What was found before, of which there is nothing new. */
function unread({ record, doneMs }: Session, stopped: HeldRecord['stopped'], nowMs: number): HeldRecord {
  const own = { commits: [], patches: [] };
  const nothing = { to: isoUtc(doneMs), isFetched: false, own, merged: [], changedBy: [], revertedBy: [] };
  return { ...nothing, ...record, lookedAt: isoUtc(nowMs), stopped };
}

interface LookPlan {
  env: GitOptions['baseEnv'];
  nowMs: number;
  leftMs: () => number;
}

interface Base {
  /** The one that has the others first; where they differ, that of the remote. */
  tips: string[];
  isFetched: boolean;
  knownMs: number;
}

/** What one look asks of a repository, each question once. */
class Look {
  readonly #mainRepo: string;
  readonly #plan: LookPlan;
  readonly #bases = new Map<string, Base>();
  readonly #listed = new Map<string, ReadonlyMap<string, LaterCommit>>();

  constructor(mainRepo: string, plan: LookPlan) {
    this.#mainRepo = mainRepo;
    this.#plan = plan;
  }

  git(): GitOptions {
    const timeoutMs = Math.max(1, Math.ceil(this.#plan.leftMs()));
    return { cwd: this.#mainRepo, baseEnv: this.#plan.env, timeoutMs };
  }

  /** @returns undefined for a session that is not merged, as far as was fetched */
  async begin(session: Session): Promise<Begun | 'lost' | undefined> {
    const { record, baseCommit, pullRequest, doneMs } = session;
    const { tips, isFetched, knownMs } = await this.#baseOf(session);
    const known = { isFetched, knownMs, doneMs, nowMs: this.#plan.nowMs, pullRequest };
    if (record?.at !== undefined && record.stopped !== 'lost') {
      const way = await this.#wayTo(tips, record.at, record.own.commits);
      if (way) return { session, before: record, own: record.own, ownPairs: [], walk: { ...known, ...way } };
    }
    if (!session.isMerged && !(await branchStatusOf(session, this.git())).isInBase) return undefined;
    const ownTip = session.tip ?? (await commitOf(`refs/heads/${session.branch}`, this.git()));
    const ours = ownTip === undefined ? [] : await this.#ownCommits(baseCommit, ownTip);
    const commits = ours.map(([commit]) => commit);
    const merge = session.merge === undefined ? undefined : await this.#before(session.merge, ours.length);
    // The person has not fetched it yet.
    if (session.merge !== undefined && merge === undefined) return undefined;
    const from = (merge && !commits.includes(merge.commit) && merge.before) || baseCommit;
    const own = { commits: [...commits, ...(merge ? [merge.commit] : [])], patches: [] };
    const way = await this.#wayTo(tips, from, own.commits, merge?.commit);
    if (way === undefined) return 'lost';
    const ownPairs = ours.flatMap(([commit, parent, other]): Pair[] => (other ? [] : [[commit, parent]]));
    // All of it as one: since the base was last merged into the branch.
    const since = ours.find(([, , other]) => other !== undefined)?.[2] ?? baseCommit;
    if (ownTip !== undefined && ours.length > 0) ownPairs.push([ownTip, since]);
    return { session, before: undefined, own, ownPairs, walk: { ...known, ...way } };
  }

  /** The commits to the first tip that has one, and another that it must have. */
  async #wayTo(
    tips: readonly string[],
    from: string,
    own: readonly string[],
    has?: string,
  ): Promise<Pick<Walk, 'from' | 'steps' | 'listed'> | undefined> {
    for (const tip of tips) {
      const listed = tip === from ? new Map<string, LaterCommit>() : await this.#list(from, tip);
      const isThere = tip === from || listed.has(tip);
      const steps = isThere && (has === undefined || listed.has(has)) && stepsTo(tip, from, { listed, own });
      if (steps) return { from, steps, listed: [...listed.values()] };
    }
    return undefined;
  }

  async #baseOf(session: Session): Promise<Base> {
    const key = `${session.base} ${session.baseRef}`;
    const known = this.#bases.get(key);
    if (known !== undefined) return known;
    const { bases, listed } = await refsOf(session, this.git());
    const tips: string[] = [];
    for (const tip of new Set(bases.toReversed())) {
      const [newest] = tips;
      const isNewer = newest !== undefined && (await isAncestor(newest, tip, this.git()));
      tips.splice(isNewer ? 0 : tips.length, 0, tip);
    }
    const remote = listed.filter(([commit, ref]) => ref.startsWith('refs/remotes/') && tips.includes(commit));
    const isFetched = remote.length > 0;
    const knownMs = isFetched ? await this.#fetchedMs(remote.map(([, ref]) => ref)) : this.#plan.nowMs;
    const base = { tips, isFetched, knownMs };
    this.#bases.set(key, base);
    return base;
  }

  /** The commits of the branch itself with their parents, newest first, not those that a merge of the base brought. */
  async #ownCommits(baseCommit: string, tip: string): Promise<[string, string, string?][]> {
    const ask = ['rev-list', '--first-parent', '--parents', `--max-count=${MAX_OWN_COMMITS}`];
    // The branch, and so its commits, may be gone.
    const options = { ...this.git(), allowFailure: true };
    const text = await gitLine([...ask, `${baseCommit}..${tip}`, '--'], options);
    const lines = text.split('\n').filter(Boolean);
    return lines.map((line) => {
      const [commit = '', parent = '', other] = line.split(' ');
      return other === undefined ? [commit, parent] : [commit, parent, other];
    });
  }

  /** A merge, and the commit before the first of a session's commits in it. */
  async #before(
    merge: string,
    ours: number,
  ): Promise<{ commit: string; before: string | undefined } | undefined> {
    // A rebase leaves all of them, a squash one.
    const names = [merge, `${merge}^2`, `${merge}^1`, `${merge}~${Math.max(1, ours)}`];
    const [commit, second, first, before] = await commitsOf(names, this.git());
    return commit === undefined ? undefined : { commit, before: second === undefined ? before : first };
  }

  async #list(from: string, tip: string): Promise<ReadonlyMap<string, LaterCommit>> {
    const range = `${from}..${tip}`;
    const known = this.#listed.get(range);
    if (known !== undefined) return known;
    const listed = new Map<string, LaterCommit>();
    const ask = ['log', '-z', '--topo-order', '--reverse', '--ancestry-path', '--format=%H %ct %P%n%B'];
    await readRecords([...ask, range, '--'], { ...this.git(), encoding: 'latin1' }, (record) => {
      const [head = '', ...message] = record.split('\n');
      const [commit = '', seconds, ...parents] = head.split(' ');
      const reverts = revertedIn(message.join('\n'));
      listed.set(commit, { commit, atMs: Number(seconds) * 1000, parents, reverts });
    });
    this.#listed.set(range, listed);
    return listed;
  }

  /** git writes the first file at each fetch, the others when something was new. */
  async #fetchedMs(refs: readonly string[]): Promise<number> {
    const gitDir = await commonDirOf(this.#mainRepo, this.git());
    const paths = ['FETCH_HEAD', ...refs.map((ref) => join('logs', ref))].map((name) => join(gitDir, name));
    const times = paths.flatMap((path) => statsAt(path)?.mtimeMs ?? []);
    return Math.min(this.#plan.nowMs, Math.max(...times, 0));
  }
}

/** As `git revert` and the forge write it. */
function revertedIn(message: string): string[] {
  const found = message.matchAll(/\bThis reverts commit ([0-9a-f]{7,64})|^Reverts (\S+\/\S+#\d+)/gm);
  return [...found].flatMap(([, commit, request]) => commit ?? request ?? []);
}
