import { stampsAt } from '../base/files/stamps.ts';
import { listed } from '../base/text.ts';
import type { StartOrder } from './events/bodies/positions.ts';
import type { SessionView } from './events/session-view.ts';

/** Whether the sessions that come before another one are done, or merged. The caller checks times. */
export type Predecessors =
  | { kind: 'met' }
  | { kind: 'unmet' }
  /** Unmet until a person acts. `about` is a sentence without text from agents; `key` changes when it does. */
  | { kind: 'asks'; about: string; key: string };

/** @param views the sessions of the same SESSIONS folder, including archived ones. Pure. */
export function predecessorsNow(order: StartOrder, views: readonly SessionView[]): Predecessors {
  const found = [
    ...ofSession(order.after, views).map(doneNow),
    ...membersOf(order.afterGroup, views).map((view) => doneNow({ folder: view.folder, view })),
    ...ofSession(order.afterMerge, views).map(mergedNow),
  ];
  const asks = found.flatMap((one) => (one.kind === 'asks' ? [one] : []));
  if (asks.length > 0) {
    const about = asks.map((one) => one.about);
    return { kind: 'asks', about: listed(about, MAX_NAMED), key: asks.map(({ key }) => key).join(' ') };
  }
  return found.every(({ kind }) => kind === 'met') ? { kind: 'met' } : { kind: 'unmet' };
}

const MAX_NAMED = 8;

interface Named {
  folder: string;
  /** Absent if its folder was removed. */
  view: SessionView | undefined;
}

function ofSession(folder: string | undefined, views: readonly SessionView[]): Named[] {
  return folder === undefined ? [] : [{ folder, view: views.find((view) => view.folder === folder) }];
}

/** The members of a group; archived sessions have left it. */
export function membersOf(group: string | undefined, views: readonly SessionView[]): SessionView[] {
  if (group === undefined) return [];
  return views.filter(({ sessionFile, state }) => sessionFile?.group === group && !state.archived);
}

function doneNow({ folder, view }: Named): Predecessors {
  const blocker = blockerOf(view);
  if (blocker !== undefined) return asking(folder, blocker, view);
  return { kind: view?.state.status.kind === 'done' ? 'met' : 'unmet' };
}

function mergedNow({ folder, view }: Named): Predecessors {
  const { pullRequest, lastMerge, archived } = view?.state ?? {};
  if (lastMerge?.outcome === 'merged' || pullRequest?.state === 'merged') return { kind: 'met' };
  const ofRequest =
    pullRequest?.state === 'closed'
      ? `has a pull request, #${pullRequest.number}, that was closed`
      : pullRequest?.watched === false
        ? `has a pull request, #${pullRequest.number}, that the supervisor does not watch`
        : undefined;
  const blocker = blockerOf(view) ?? ofRequest ?? (archived ? 'is in the archive and not merged' : undefined);
  return blocker === undefined ? { kind: 'unmet' } : asking(folder, blocker, view);
}

/** Why a session will not finish unless a person acts. Its own open questions and plan do not count. */
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
export function describeOrder({ after, afterGroup, afterMerge, at }: StartOrder): string {
  const parts = [
    after && `after ${after}`,
    afterGroup && `after group ${afterGroup}`,
    afterMerge && `after the merge of ${afterMerge}`,
    at === 'limit' && 'when the usage limit ends',
    typeof at === 'number' && `at ${stampsAt(at).minute} (${zoneHere()})`,
  ];
  return parts.filter(Boolean).join(' and ');
}

export function zoneHere(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * The cycle of sessions and groups through which a session with this order would wait for itself; it starts and ends
 * with that session. Undefined if there is none. Only a group can close a cycle: sessions can join it later.
 */
export function cycleOf(
  start: { name: string; group: string | undefined; order: StartOrder },
  views: readonly SessionView[],
): string[] | undefined {
  const follow = (order: StartOrder, chain: readonly string[]): string[] | undefined => {
    const { afterGroup: group } = order;
    if (group !== undefined && group === start.group) return [...chain, `group ${group}`, start.name];
    const next = [
      ...[order.after, order.afterMerge].flatMap((folder) => ofSession(folder, views)),
      ...membersOf(group, views).map((view) => ({ folder: view.folder, view })),
    ];
    for (const { folder, view } of next) {
      const on =
        view && !view.state.prepared && !view.state.order?.isOver ? view.sessionFile?.order : undefined;
      if (on === undefined || chain.includes(folder)) continue;
      const by = group !== undefined && view?.sessionFile?.group === group ? [`group ${group}`] : [];
      const cycle = follow(on, [...chain, ...by, folder]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  return follow(start.order, [start.name]);
}
