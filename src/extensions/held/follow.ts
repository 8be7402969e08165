import { isoUtc } from '../../core/kernel/clock.ts';
import type { HeldRecord } from './held-file.ts';
import { Lines } from './lines.ts';
import type { Pair, Patch } from './patches.ts';

export const WATCH_MS = 7 * 24 * 3_600_000;

/** A commit of the base after another one. */
export interface LaterCommit {
  commit: string;
  atMs: number;
  parents: readonly string[];
  /** Commits that its message says it reverts, perhaps abbreviated, and pull requests, as `owner/name#1`. */
  reverts: readonly string[];
}

/** A commit with the parent by which one comes to it from the merge. */
export type CommitOnWay = LaterCommit & { parent: string };

/** What tells a session's commits from those of others. */
export type Own = HeldRecord['own'];

export interface Walk {
  own: Own;
  /** As `owner/name#1`. */
  pullRequest: string | undefined;
  from: string;
  steps: readonly CommitOnWay[];
  /** Those of the steps, and what merges brought among them. */
  listed: readonly LaterCommit[];
  /** Before it the session cannot have been merged. */
  doneMs: number;
  /** Until when the base is known. */
  knownMs: number;
  isFetched: boolean;
  nowMs: number;
}

export const keyOf = ([commit, parent]: Pair): string => `${commit} ${parent}`;

/**
 * The one line of commits that leads from a commit to the tip, past the session's merge: each patch applies to the result
 * of the one before, so that lines are followed exactly, and a merge of others counts as one commit. Through first
 * parents, except where only another one has the work.
 * @param listed parents first
 * @returns undefined if there is no such line
 */
export function stepsTo(
  tip: string,
  from: string,
  { listed, own }: { listed: ReadonlyMap<string, LaterCommit>; own: readonly string[] },
): CommitOnWay[] | undefined {
  const ours = new Set(own);
  const withWork = new Set<string>();
  for (const { commit, parents } of listed.values()) {
    const isFirst = !ours.has(commit) && parents.some((parent) => ours.has(parent));
    if (isFirst || parents.some((parent) => withWork.has(parent))) withWork.add(commit);
  }
  const steps: CommitOnWay[] = [];
  for (let at = tip; at !== from; ) {
    const one = listed.get(at);
    const ways = one?.parents.filter((parent) => parent === from || listed.has(parent)) ?? [];
    const parent = ways.find((way) => withWork.has(way)) ?? ways[0];
    if (one === undefined || parent === undefined) return undefined;
    steps.push({ ...one, parent });
    at = parent;
  }
  return steps.reverse();
}

/** Pure: what of a session is changed or reverted by the commits after the last one that was looked at. */
export function follow(
  { own, pullRequest, from, steps, listed, doneMs, knownMs, isFetched, nowMs }: Walk,
  patches: ReadonlyMap<string, Patch>,
  before: HeldRecord | undefined,
): HeldRecord {
  const lines = new Lines(before?.lines);
  const merged = [...(before?.merged ?? [])];
  const changedBy = [...(before?.changedBy ?? [])];
  let at = before?.at ?? from;
  let atMs = Date.parse(before?.to ?? isoUtc(doneMs));
  let sinceMs = before?.since === undefined ? undefined : Date.parse(before.since);
  let stopped: HeldRecord['stopped'];
  const untilMs = () => (sinceMs ?? nowMs) + WATCH_MS;
  const isOwn = (name: string) =>
    name === pullRequest || [...own.commits, ...merged].some((commit) => commit.startsWith(name));
  for (const step of steps) {
    if (step.atMs > untilMs()) break;
    const patch = patches.get(keyOf([step.commit, step.parent]));
    if (patch === undefined) {
      stopped = 'limit';
      break;
    }
    const kind = kindOf(step, patch, own);
    const isTouched = lines.apply(patch, kind === 'writes');
    if (kind === 'writes') {
      merged.push(step.commit);
      if (before?.since === undefined) sinceMs = Math.max(step.atMs, doneMs);
    } else if (kind === 'others' && isTouched && !step.reverts.some(isOwn)) changedBy.push(step.commit);
    at = step.commit;
    atMs = step.atMs;
  }
  if (merged.length === 0 && stopped === undefined) stopped = 'lost';
  const inTime = listed.filter((each) => each.atMs <= untilMs());
  // A session may take back what it did itself, and a squash repeats its messages.
  const others = inTime.filter(({ commit }) => !own.commits.includes(commit) && !merged.includes(commit));
  const reverting = others.filter(({ reverts }) => reverts.some(isOwn)).map(({ commit }) => commit);
  const isTakenBack = (commit: string) =>
    inTime.some(({ reverts }) => reverts.some((name) => commit.startsWith(name)));
  const revertedBy = [...new Set([...(before?.revertedBy ?? []), ...reverting])].filter(
    (commit) => !isTakenBack(commit),
  );
  const isOver = sinceMs !== undefined && nowMs >= untilMs();
  return {
    lookedAt: isoUtc(nowMs),
    to: isoUtc(Math.min(stopped === 'limit' ? atMs : knownMs, untilMs())),
    isFetched,
    own,
    ...(sinceMs !== undefined && { since: isoUtc(sinceMs) }),
    merged,
    changedBy,
    revertedBy,
    at,
    ...(stopped && { stopped }),
    ...(!isOver && { lines: lines.toJSON() }),
  };
}

/** `ours`: a merge of the base into the session's branch, which brings what others wrote. */
function kindOf(
  { commit, parent, parents }: CommitOnWay,
  { id }: Patch,
  own: Own,
): 'writes' | 'ours' | 'others' {
  const isMerge = parents.length > 1;
  const brings = parents.some((each) => each !== parent && own.commits.includes(each));
  if (brings || (id !== undefined && own.patches.includes(id))) return 'writes';
  if (!own.commits.includes(commit)) return 'others';
  return isMerge && own.commits.includes(parent) ? 'ours' : 'writes';
}
