import { basename, dirname, join } from 'node:path';
import { DYING } from '../../../core/caller/facts/recent-revivals.ts';
import { diskTrouble } from '../../../core/caller/facts/worker-report.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { describeEvent } from '../../../core/session/documents/describe-event.ts';
import type { EventOf, SessionEvent } from '../../../core/session/events/events.ts';
import { WIDENED } from '../../../core/session/events/fold.ts';
import { OVERAGE } from '../../../core/session/events/fold-spent.ts';
import { hasNothingPending } from '../../../core/session/events/rest.ts';
import { isContinuedBy } from '../../../core/session/folder/read-session.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import { viewFacts } from '../../../core/session/words/facts.ts';
import { stateLine } from '../../../core/session/words/words.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { WatchedSession } from '../../../core/supervisor/session.ts';
import type { Supervisor } from '../../../core/supervisor/supervisor.ts';
import { isRemoved } from '../notice/is-removed.ts';
import type { Notice, NotifiedKind } from '../notice/kinds.ts';

type View = WatchedSession['view'];

/** A longer outage, or a longer time queued, is worth a notification. */
const LONG_OUTAGE_MS = 10 * 60_000;
const LONG_QUEUED_MS = 30 * 60_000;
/** A longer time without a suitable machine is worth a notification; pool machines often leave and return. */
const LONG_UNMET_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
/** A disk is often full for a moment. */
const DISK_TROUBLE_MS = 10_000;

type Scanned = Pick<Scan, 'sessions' | 'pauses'>;

/** Finds what is worth a notification: new events of the logs, and states that no event reports. */
export class EventReader {
  readonly #supervisor: Supervisor;
  readonly #report: Scan['report'];
  /** The sessions whose disk takes nothing, by id, with the time of the first look that found it. */
  readonly #diskTrouble = new Map<string, number>();

  constructor(supervisor: Supervisor, report: Scan['report']) {
    this.#supervisor = supervisor;
    this.#report = report;
  }

  /**
   * @param from how far each log was read before, and the time before which events are ignored
   * @returns `read`: the same object if no log has moved
   */
  async read(
    { sessions, pauses }: Scanned,
    from: { since: string; read: Record<string, number> },
  ): Promise<{ notices: Notice[]; read: Record<string, number> }> {
    const paused = pauses.length;
    const notices = pauses.map((pause): Notice => ({ kind: 'recurring_paused', sessionsDir: '', ...pause }));
    const moved = new Map<string, number>();
    for (const [folder, session] of sessions) {
      const { sessionFile, isUnreadable, otherBuild } = session.view;
      if (sessionFile === undefined || isUnreadable || otherBuild !== undefined) continue;
      const place = join(folder, sessionFile.id);
      const before = from.read[place];
      try {
        const found = await this.#ofSession(session, sessionFile.id, { sessions, since: from.since, before });
        notices.push(...found.notices);
        if (found.n !== before) moved.set(place, found.n);
      } catch (error) {
        this.#report(folder, error);
      }
    }
    pauses.splice(0, paused);
    if (moved.size === 0) return { notices, read: from.read };
    return { notices, read: { ...withoutRemoved(from.read, sessions), ...Object.fromEntries(moved) } };
  }

  /** @returns `n`: the number of the last event that was read */
  async #ofSession(
    session: WatchedSession,
    sessionId: string,
    { sessions, since, before }: { sessions: Scan['sessions']; since: string; before: number | undefined },
  ): Promise<{ notices: Notice[]; n: number }> {
    const { identity, clock } = this.#supervisor;
    const { n } = session.view.state;
    if (!isContinuedBy(session.view, identity)) return { notices: [], n };
    const notices = [
      ...currentNotices(session, sessionId, clock.now()),
      ...this.#heldByDisk(session, sessionId, clock.now()),
    ];
    if (before === n || (before === undefined && isOld(session, since))) return { notices, n };
    const events = await readEvents(session.paths, Math.min(before ?? 0, n));
    const news = before === undefined ? events.filter(({ at }) => at >= since) : events;
    notices.push(...news.flatMap((event) => noticesOf(event, session, { sessionId, sessions })));
    return { notices, n: events.at(-1)?.n ?? n };
  }

  /** The notice of a session whose worker waits for its disk; the worker can write nothing itself. */
  #heldByDisk({ view }: WatchedSession, sessionId: string, nowMs: number): Notice[] {
    const isAtWork = view.worker === 'alive' && !hasNothingPending(view);
    const text = isAtWork ? diskTrouble(view) : undefined;
    const sinceMs = this.#diskTrouble.get(sessionId) ?? nowMs;
    this.#diskTrouble.delete(sessionId);
    if (text === undefined) return [];
    this.#diskTrouble.set(sessionId, sinceMs);
    if (nowMs - sinceMs < DISK_TROUBLE_MS) return [];
    const id = `${sessionId}:disk:${isoUtc(sinceMs)}`;
    return [{ id, at: isoUtc(nowMs), kind: 'disk', ...noticeSession(view), text }];
  }
}

/** Whether nothing has been written to the log since then. */
function isOld({ paths }: WatchedSession, since: string): boolean {
  return (statsAt(paths.events)?.mtimeMs ?? 0) < Date.parse(since);
}

function withoutRemoved(read: Readonly<Record<string, number>>, sessions: Scan['sessions']) {
  const isKept = (place: string) => {
    const folder = dirname(place);
    const session = { sessionsDir: dirname(folder), session: basename(folder), id: `${basename(place)}:` };
    return !isRemoved(session, sessions);
  };
  return Object.fromEntries(Object.entries(read).filter(([place]) => isKept(place)));
}

/** Notices that follow from the state and not from an event: a crash loop, a long time queued or without a machine. */
function currentNotices(
  { view, waits, isDying }: WatchedSession,
  sessionId: string,
  nowMs: number,
): Notice[] {
  const { status } = view.state;
  const common = { at: isoUtc(nowMs), ...noticeSession(view) };
  const notices: Notice[] = [];
  if (isDying) {
    const id = `${sessionId}:crash_loop:${view.lease?.number ?? 0}`;
    const text = `${DYING}: see worker.stderr in its run folder.`;
    notices.push({ ...common, id, kind: 'crash_loop', text });
  }
  if (waits.for === 'turn' && status.kind === 'queued' && nowMs - Date.parse(status.since) > LONG_QUEUED_MS) {
    const id = `${sessionId}:queued:${status.since}`;
    const text = `queued since ${status.since}: ${status.reason}`;
    notices.push({ ...common, id, kind: 'queued', text });
  }
  const { unmetRequirements: unmet, acquiredAt: since = '' } = view.lease ?? {};
  if (unmet !== undefined && view.worker === 'unknowable' && nowMs - Date.parse(since) > LONG_UNMET_MS) {
    const text = `No machine of the pool has ${unmet.join(' and ')}. Let one that has it join, or install it on one: "samocode pool status".`;
    notices.push({ ...common, id: `${sessionId}:lacks:${since}`, kind: 'queued', text });
  }
  return notices;
}

/** The notices that an event of a session causes. Pure. */
export function noticesOf(
  event: SessionEvent,
  { view }: WatchedSession,
  { sessionId, sessions }: Pick<Scan, 'sessions'> & { sessionId: string },
): Notice[] {
  const group = view.sessionFile?.group;
  const isRest = event.type === 'done' || event.type === 'stopped' || event.type === 'blocked';
  const ofGroup =
    group !== undefined && isRest ? groupNotice(event.at, view, { group, sessions }) : undefined;
  if (ofGroup !== undefined && event.type !== 'blocked') return ofGroup;
  const kind = kindOf(event, view);
  if (kind === undefined) return [];
  const text = describeEvent(event) ?? kind;
  // A blocked session needs a person, whatever happens to its group.
  return [
    ...(ofGroup ?? []),
    { id: `${sessionId}:${event.n}`, at: event.at, kind, ...noticeSession(view), text },
  ];
}

function noticeSession({ folder, paths }: View) {
  return { session: folder, sessionsDir: paths.sessionsDir };
}

const NOTICE_KINDS = new Map<string, NotifiedKind>([
  ...(['stalled', 'main_checkout_moved', 'answer_changed', 'fallback'] as const).map(
    (code) => [code, code] as const,
  ),
  [OVERAGE, 'budget'],
  [WIDENED, 'widened'],
]);

function kindOf(event: SessionEvent, { sessionFile, state }: View): NotifiedKind | undefined {
  switch (event.type) {
    case 'parked':
      return isPlanChanged(event, state) ? 'plan_changed' : 'waiting';
    case 'blocked':
    case 'done':
      return event.type;
    case 'limited':
      if (event.outage === undefined) return 'limited';
      return sessionFile && becomesLong(event, event.outage.asksAt, sessionFile.settings.retryHours)
        ? 'back_off'
        : undefined;
    case 'budget_warned':
      return 'budget';
    case 'worker_took_over':
      return event.previous === 'died' ? 'revived' : undefined;
    case 'pull_request_changed': {
      const { state = 'open', unseen, asks } = event.change;
      return state === 'open' && !unseen && !asks ? undefined : 'pull_request';
    }
    case 'notice':
      return NOTICE_KINDS.get(event.code);
    default:
      return undefined;
  }
}

/** Whether the plan has changed since its approval. */
function isPlanChanged({ plan }: EventOf<'parked'>, { approvedPlan }: View['state']): boolean {
  return plan !== undefined && approvedPlan !== undefined && plan.hash !== approvedPlan.hash;
}

/** Whether the outage becomes a long one during this wait. */
function becomesLong({ at, until }: EventOf<'limited'>, asksAt: number, retryHours: number): boolean {
  const beganMs = asksAt - retryHours * HOUR_MS;
  return Date.parse(at) - beganMs <= LONG_OUTAGE_MS && until - beganMs > LONG_OUTAGE_MS;
}

/** One notification for a group, sent when the last of its sessions has ended or is blocked. */
function groupNotice(
  at: string,
  view: View,
  { group, sessions }: Pick<Scan, 'sessions'> & { group: string },
): Notice[] {
  const { sessionsDir } = view.paths;
  const members = [...sessions.values()]
    .map((session) => session.view)
    .filter(({ paths, sessionFile }) => paths.sessionsDir === sessionsDir && sessionFile?.group === group)
    .filter((one) => !one.state.archived || one.folder === view.folder);
  const kindOfOne = ({ state }: View) => state.status.kind;
  const others = members.filter((one) => kindOfOne(one) !== 'done');
  const done = members.length - others.length;
  const last = members.toSorted(byEnd).at(-1);
  const isAtRest = others.every((one) => kindOfOne(one) === 'stopped' || kindOfOne(one) === 'blocked');
  if (last?.sessionFile === undefined || done === 0 || !isAtRest) return [];
  const rest = others.map((one) => `${one.folder} ${stateLine(viewFacts(one))}`);
  const text = [`${done} of ${members.length} done`, ...rest].join('; ');
  // Sessions are read one by one, so the event being read might not be the one that ended the last session.
  const id = `${last.sessionFile.id}:group:${last.state.status.since}`;
  return [{ id, at, kind: 'group_done', group, ...noticeSession(last), text }];
}

function byEnd(a: View, b: View): number {
  return (
    Date.parse(a.state.status.since) - Date.parse(b.state.status.since) || (a.folder < b.folder ? -1 : 1)
  );
}
