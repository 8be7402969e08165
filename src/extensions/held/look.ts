import { join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { type Clock, isoUtc } from '../../core/kernel/clock.ts';
import { systemErrorCode } from '../../core/kernel/errors.ts';
import { statsAt } from '../../core/kernel/files/path-stats.ts';
import { branchStatusOf, refsOf } from '../../core/project/finishing/base-branch.ts';
import { type GitOptions, gitLine, readRecords } from '../../core/project/git/git.ts';
import { isGitError } from '../../core/project/git/git-errors.ts';
import { commitOf, commonDirOf, isAncestor } from '../../core/project/git/repository.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { branchOfWork, isMerged } from '../../core/session/waits/start-order.ts';
import {
  type CommitOnWay,
  follow,
  keyOf,
  type LaterCommit,
  type Own,
  stepsTo,
  WATCH_MS,
  type Walk,
} from './follow.ts';
import { type HeldRecord, readHeld, writeHeld } from './held-file.ts';
import { type Pair, type Patch, readPatches } from './patches.ts';

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
  /** By the log, where it is known there. */
  isMerged: boolean;
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
  const isKnown = isMerged(view);
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
  from: string;
  walk: Omit<Walk, 'own'>;
  own: Own;
  ownPairs: readonly Pair[];
}

async function lookAtRepository(
  mainRepo: string,
  sessions: readonly Session[],
  { env, clock }: LookContext,
): Promise<Map<string, HeldRecord>> {
  const endsAtMs = clock.monotonic() + LOOK_MS;
  const found = new Map<string, HeldRecord>();
  const look = new Look(mainRepo, { env, nowMs: clock.now(), leftMs: () => endsAtMs - clock.monotonic() });
  const begun: Begun[] = [];
  for (const session of sessions) {
    try {
      const one = await look.begin(session);
      if (one === 'lost') found.set(session.folder, unread(session, 'lost', clock.now()));
      else if (one !== undefined) begun.push(one);
    } catch (error) {
      // A folder that is away, or no time left.
      if (!isGitError(error) && systemErrorCode(error) === undefined) throw error;
      found.set(session.folder, unread(session, 'limit', clock.now()));
    }
  }
  const ownPairs = begun.flatMap((each) => each.ownPairs);
  const steps = begun.flatMap(({ walk }) => walk.steps).toSorted((a, b) => a.atMs - b.atMs);
  const wanted = new Map(steps.map((step) => [keyOf(pairOf(step)), pairOf(step)]));
  const pairs = [...ownPairs, ...[...wanted.values()].slice(0, LOOK_COMMITS)];
  const read = await readPatches(pairs, look.git());
  const patches = new Map(
    pairs.flatMap((pair, at): [string, Patch][] => {
      const patch = read[at];
      return patch === undefined ? [] : [[keyOf(pair), patch]];
    }),
  );
  for (const { session, before, from, walk, own, ownPairs: ours } of begun) {
    const ids = ours.flatMap((pair) => patches.get(keyOf(pair))?.id ?? []);
    const all = { ...walk, own: { ...own, patches: new Set(ids) } };
    found.set(session.folder, follow(all, patches, before, from));
  }
  return found;
}

const pairOf = ({ commit, parent }: CommitOnWay): Pair => [commit, parent];

/** What was found before, of which there is nothing new. */
function unread({ record, doneMs }: Session, stopped: HeldRecord['stopped'], nowMs: number): HeldRecord {
  const nothing = { to: isoUtc(doneMs), isFetched: false, merged: [], changedBy: [], revertedBy: [] };
  return { ...nothing, ...record, lookedAt: isoUtc(nowMs), stopped };
}

interface LookPlan {
  env: GitOptions['baseEnv'];
  nowMs: number;
  leftMs: () => number;
}

/** What one look asks of a repository, each question once. */
class Look {
  readonly #mainRepo: string;
  readonly #plan: LookPlan;
  readonly #listed = new Map<string, Promise<ReadonlyMap<string, LaterCommit>>>();

  constructor(mainRepo: string, plan: LookPlan) {
    this.#mainRepo = mainRepo;
    this.#plan = plan;
  }

  git(): GitOptions {
    const timeoutMs = Math.max(1, this.#plan.leftMs());
    return { cwd: this.#mainRepo, baseEnv: this.#plan.env, timeoutMs };
  }

  /** @returns undefined for a session that is not merged, as far as was fetched */
  async begin(session: Session): Promise<Begun | 'lost' | undefined> {
    const { record, merge, baseCommit } = session;
    const refs = await refsOf(session, this.git());
    const tips = [...new Set(refs.bases.toReversed())];
    if (!session.isMerged && record === undefined) {
      const { isInBase } = await branchStatusOf(session, this.git());
      if (!isInBase) return undefined;
    }
    // The person has not fetched it yet.
    if (merge !== undefined && (await commitOf(merge, this.git())) === undefined) return undefined;
    const ownTip = session.tip ?? refs.tip;
    const ours =
      ownTip === undefined ? new Map<string, string[]>() : await this.#ownCommits(baseCommit, ownTip);
    const commits = new Set([...ours.keys(), ...(merge ? [merge] : []), ...(record?.merged ?? [])]);
    const known = record?.at && (await this.#newest(tips, record.at));
    const anchor = merge ?? record?.merged[0] ?? baseCommit;
    const tip = known ?? (await this.#newest(tips, anchor));
    if (tip === undefined) return 'lost';
    const before = known ? record : undefined;
    const from = before?.at ?? (await this.#start(session, ours));
    const listed = await this.#list(from, tip);
    const steps = stepsTo(tip, from, { listed, own: commits });
    if (steps === undefined) return 'lost';
    const ownPairs: Pair[] = [...ours].flatMap(([commit, parents]) =>
      parents.length === 1 ? parents.map((parent): Pair => [commit, parent]) : [],
    );
    if (ownTip !== undefined && ours.size > 0) {
      const shared = await gitLine(['merge-base', tip, ownTip], { ...this.git(), allowFailure: 1 });
      ownPairs.push([ownTip, shared || baseCommit]);
    }
    const isFetched = refs.listed.some(
      ([commit, ref]) => ref.startsWith('refs/remotes/') && tips.includes(commit),
    );
    const knownMs = isFetched ? await this.#fetchedMs(session.base) : this.#plan.nowMs;
    const walk = { steps, listed: [...listed.values()], isFetched, knownMs, nowMs: this.#plan.nowMs };
    return {
      session,
      before,
      from,
      walk: { ...walk, doneMs: session.doneMs },
      own: { commits, patches: new Set(), pullRequest: session.pullRequest },
      ownPairs,
    };
  }

  /** Of the tips that have a commit, the one that has the others; where they differ, that of the remote. */
  async #newest(tips: readonly string[], commit: string): Promise<string | undefined> {
    let newest: string | undefined;
    for (const tip of tips)
      if (
        (await isAncestor(commit, tip, this.git())) &&
        (!newest || (await isAncestor(newest, tip, this.git())))
      )
        newest = tip;
    return newest;
  }

  /** The commits of the branch itself with their parents, not those that a merge of the base brought. */
  async #ownCommits(baseCommit: string, tip: string): Promise<Map<string, string[]>> {
    const ask = ['rev-list', '--first-parent', '--parents', `--max-count=${MAX_OWN_COMMITS}`];
    // The branch, and so its commits, may be gone.
    const text = await gitLine([...ask, `${baseCommit}..${tip}`, '--'], {
      ...this.git(),
      allowFailure: true,
    });
    const lines = text.split('\n').filter(Boolean);
    return new Map(
      lines.map((line) => line.split(' ')).map(([commit = '', ...parents]) => [commit, parents]),
    );
  }

  /** The commit before the first of a session's commits on the base. */
  async #start({ merge, baseCommit }: Session, ours: ReadonlyMap<string, string[]>): Promise<string> {
    if (merge === undefined || ours.has(merge)) return baseCommit;
    const isMerge = (await commitOf(`${merge}^2`, this.git())) !== undefined;
    // A rebase leaves all of them, a squash one.
    const before = isMerge ? `${merge}^1` : `${merge}~${Math.max(1, ours.size)}`;
    return (await commitOf(before, this.git())) ?? baseCommit;
  }

  async #list(from: string, tip: string): Promise<ReadonlyMap<string, LaterCommit>> {
    const key = `${from}..${tip}`;
    const known = this.#listed.get(key) ?? this.#readList(key);
    this.#listed.set(key, known);
    return await known;
  }

  async #readList(range: string): Promise<ReadonlyMap<string, LaterCommit>> {
    const listed = new Map<string, LaterCommit>();
    const log = ['log', '-z', '--topo-order', '--reverse', '--ancestry-path', '--format=%H %ct %P%n%B'];
    await readRecords([...log, range, '--'], { ...this.git(), encoding: 'latin1' }, (record) => {
      const [head = '', ...message] = record.split('\n');
      const [commit = '', seconds, ...parents] = head.split(' ');
      listed.set(commit, {
        commit,
        atMs: Number(seconds) * 1000,
        parents,
        reverts: revertedIn(message.join('\n')),
      });
    });
    return listed;
  }

  async #fetchedMs(base: string): Promise<number> {
    const gitDir = await commonDirOf(this.#mainRepo, this.git());
    const ofRefs = [base, `origin/${base}`].map((name) =>
      join(gitDir, 'logs', 'refs', 'remotes', ...name.split('/')),
    );
    const times = [join(gitDir, 'FETCH_HEAD'), ...ofRefs].flatMap((path) => statsAt(path)?.mtimeMs ?? []);
    return Math.min(this.#plan.nowMs, Math.max(...times, 0));
  }
}

/** As `git revert` and the forge write it. */
function revertedIn(message: string): string[] {
  const found = message.matchAll(/\bThis reverts commit ([0-9a-f]{7,64})|^Reverts (\S+\/\S+#\d+)/gm);
  return [...found].flatMap(([, commit, request]) => commit ?? request ?? []);
}
