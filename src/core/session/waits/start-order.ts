import { stampsAt } from '../../kernel/files/stamps.ts';
import { listed } from '../../kernel/text.ts';
import { zoneHere } from '../../kernel/zone.ts';
import type { StartConditions } from '../events/bodies/positions.ts';
import type { SessionFile } from '../events/bodies/session-file.ts';
import { missingText } from '../events/pull-request-change.ts';
import { isAtRest } from '../events/rest.ts';
import type { SessionState } from '../events/state.ts';
import type { SessionView } from '../folder/session-view.ts';

/** Whether the sessions that come before another one are done, or merged. The caller checks times. */
export type Predecessors =
  | { kind: 'met' }
  | { kind: 'unmet' }
  /** Unmet until a person acts. `about` is a sentence without text from agents; `key` changes when it does. */
  | { kind: 'asks'; about: string; key: string };

/**
 * The conditions that a session still waits for; undefined once it has begun or nothing begins it.
 * @param wanted its order, as its start recorded it
 */
export function openOrder(
  { prepared, archived, order, status }: Pick<SessionState, 'prepared' | 'archived' | 'order' | 'status'>,
  wanted: StartConditions | undefined,
): StartConditions | undefined {
  const isOpen = !prepared && !archived && !order?.isOver && WAITS_ITS_TURN.has(status.kind);
  return isOpen ? wanted : undefined;
}

const WAITS_ITS_TURN: ReadonlySet<string> = new Set(['starting', 'running', 'queued', 'waiting']);

/**
 * Judges the sessions that come before another one. Pure: for a merge, `isInBase` of a view is the answer of git.
 * @param views the sessions of the same SESSIONS folder, including archived ones, in any order
 */
export function predecessorsNow(session: Ordered, views: readonly SessionView[]): Predecessors {
  const { order } = session;
  // Two starts at the same moment can wait for each other: neither saw the other one.
  const cycle = cycleOf(session, views)?.join(' → ');
  const about = `it waits for itself: ${cycle}`;
  const found: Predecessors[] = [
    ...(cycle === undefined ? [] : [{ kind: 'asks' as const, about, key: about }]),
    ...namedSession(order.after, views).map(doneNow),
    ...membersOf(order.afterGroup, views).map((view) => doneNow({ folder: view.folder, view })),
    ...namedSession(order.afterMerge, views).map(mergedNow),
  ];
  const asks = found.filter((one) => one.kind === 'asks');
  if (asks.length > 0) {
    const abouts = asks.map((one) => one.about);
    return { kind: 'asks', about: listed(abouts, MAX_NAMED), key: asks.map(({ key }) => key).join(' ') };
  }
  return found.every(({ kind }) => kind === 'met') ? { kind: 'met' } : { kind: 'unmet' };
}

const MAX_NAMED = 8;

type Ordered = Pick<SessionFile, 'folder' | 'group'> & { order: StartConditions };

interface Named {
  folder: string;
  /** Absent if its folder was removed. */
  view: SessionView | undefined;
}

function namedSession(folder: string | undefined, views: readonly SessionView[]): Named[] {
  return folder === undefined ? [] : [{ folder, view: views.find((view) => view.folder === folder) }];
}

/** The members of a group, archived ones included, in the same order for everyone who judges them. */
export function membersOf(group: string | undefined, views: readonly SessionView[]): SessionView[] {
  if (group === undefined) return [];
  const members = views.filter(({ sessionFile }) => sessionFile?.group === group);
  return members.sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

function doneNow({ folder, view }: Named): Predecessors {
  const blocker = blockerOf(view);
  if (blocker !== undefined) return asking(folder, blocker, view);
  return { kind: view?.state.status.kind === 'done' ? 'met' : 'unmet' };
}

function mergedNow({ folder, view }: Named): Predecessors {
  if (view !== undefined && isMergedWhole(view)) return { kind: 'met' };
  const { pullRequest, archived } = view?.state ?? {};
  const ofRequest =
    pullRequest?.state === 'closed'
      ? `has a pull request, #${pullRequest.number}, that was closed`
      : pullRequest?.missing !== undefined
        ? `has a pull request, #${pullRequest.number}, that was merged, but ${missingText(pullRequest.missing)}`
        : pullRequest?.watched === false
          ? `has a pull request, #${pullRequest.number}, that the supervisor does not watch`
          : undefined;
  const unmerged = archived ? 'is in the archive and, as far as samocode can see, not merged' : undefined;
  const blocker = blockerOf(view) ?? ofRequest ?? unmerged;
  return blocker === undefined ? { kind: 'unmet' } : asking(folder, blocker, view);
}

/** Judged by the log, or by git if it was asked. */
export function isMerged(view: SessionView): boolean {
  return isMergedWhole(view) || view.state.pullRequest?.state === 'merged';
}

/** Not if a merge left out commits of its branch, on which other work may be based. */
function isMergedWhole({ state: { lastMerge, pullRequest }, isInBase }: SessionView): boolean {
  const isRequestMerged = pullRequest?.state === 'merged' && pullRequest.missing === undefined;
  return isInBase === true || lastMerge?.outcome === 'merged' || isRequestMerged;
}

/** The branch of a session to ask git about; undefined while an agent, or another machine, may still change it. */
export function branchOfWork({ state, sessionFile, mirror }: SessionView) {
  const { status, worktree, trash, proved, pullRequest } = state;
  if (!isAtRest(status.kind) || mirror || worktree === undefined || sessionFile === undefined)
    return undefined;
  // The last commit of the work, in case the branch is gone.
  const tip = trash?.tip ?? proved?.commit;
  const { mergeCommit, pushed } = pullRequest ?? {};
  const isDone = status.kind === 'done';
  return { ...worktree, mainRepo: sessionFile.mainRepo, tip, mergeCommit, pushed, isDone };
}

/** The same about the branch whose merge an order waits for, unless that is known. */
export function branchBefore(order: StartConditions, views: readonly SessionView[]) {
  const [before] = namedSession(order.afterMerge, views);
  return before?.view && !isMergedWhole(before.view) ? branchOfWork(before.view) : undefined;
}

/** The same sessions, of which the one whose merge an order waits for is merged. */
export function withMerged({ afterMerge }: StartConditions, views: readonly SessionView[]): SessionView[] {
  return views.map((view) => (view.folder === afterMerge ? { ...view, isInBase: true } : view));
}

/** The reason why a session will not finish unless a person acts. Its own open questions and plan do not count. */
function blockerOf(view: SessionView | undefined): string | undefined {
  if (view === undefined) return 'is gone';
  if (view.isUnreadable) return undefined;
  const { status, trash, archived } = view.state;
  if (trash !== undefined) return 'was discarded';
  if (archived && status.kind !== 'done') return 'is in the archive and not done';
  return status.kind === 'blocked' || status.kind === 'stopped' ? `is ${status.kind}` : undefined;
}

function asking(folder: string, blocker: string, view: SessionView | undefined): Predecessors {
  const about = `${folder} ${blocker}`;
  return { kind: 'asks', about, key: `${about} ${view?.state.status.since ?? ''}` };
}

/** `after boats and at 2026-11-23 23:00 (Europe/Berlin)`; times are local. */
export function describeOrder({ after, afterGroup, afterMerge, at }: StartConditions): string {
  const parts = [
    after && `after ${after}`,
    afterGroup && `after group ${afterGroup}`,
    afterMerge && `after the merge of ${afterMerge}`,
    at === 'limit' && 'when the usage limit ends',
    typeof at === 'number' && `at ${stampsAt(at).minute} (${zoneHere()})`,
  ];
  return parts.filter(Boolean).join(' and ');
}

/**
 * The cycle of sessions and groups through which a session with this order would wait for itself; it starts and ends
 * with that session. Undefined if there is none. Only a group can close a cycle: sessions can join it later.
 */
export function cycleOf(start: Ordered, views: readonly SessionView[]): string[] | undefined {
  const seen = new Set<string>();
  const follow = (order: StartConditions, chain: readonly string[]): string[] | undefined => {
    const { afterGroup: group } = order;
    if (group !== undefined && group === start.group) return [...chain, `group ${group}`, start.folder];
    const before = [
      ...[order.after, order.afterMerge].flatMap((folder) => namedSession(folder, views)),
      ...membersOf(group, views).map((view) => ({ folder: view.folder, view })),
    ];
    for (const { folder, view } of before) {
      const by = group !== undefined && view?.sessionFile?.group === group ? [`group ${group}`] : [];
      if (folder === start.folder) return [...chain, ...by, folder];
      const on = view && openOrder(view.state, view.sessionFile?.order);
      // A path that was followed before leads nowhere.
      if (on === undefined || seen.has(folder)) continue;
      seen.add(folder);
      const cycle = follow(on, [...chain, ...by, folder]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  return follow(start.order, [start.folder]);
}
