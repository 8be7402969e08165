import { dirname } from 'node:path';
import * as z from 'zod';
import { DYING } from '../actions/reading/revival-limit.ts';
import { isoUtc } from '../base/clock.ts';
import { crashPoint } from '../base/fault-points.ts';
import { appendLines } from '../base/files/append-lines.ts';
import { writeWhole } from '../base/files/atomic-file.ts';
import { statsAt } from '../base/files/look-at.ts';
import { plainJson } from '../base/files/plain-file.ts';
import type { QueuedNotice } from '../notify/queued-notice.ts';
import { USUAL_RETRY_HOURS } from '../phases/outage.ts';
import { isContinuedBy } from '../session/continued-by.ts';
import { describeEvent } from '../session/documents/describe-event.ts';
import { readEvents } from '../session/events/event-log.ts';
import type { EventOf, SessionEvent } from '../session/events/events.ts';
import type { Overlook } from './overlook.ts';
import type { Supervisor } from './supervisor.ts';
import type { WatchedSession } from './watched-session.ts';

/** `since`: what happened before is old news. `read`: how far the log of each session was read, by its folder. */
const Cursors = z.object({ v: z.literal(1), since: z.string(), read: z.record(z.string(), z.int()) });
type Cursors = z.infer<typeof Cursors>;

type View = WatchedSession['view'];

const MAX_BYTES = 16 * 1024 * 1024;
/** The first supervisor of a machine is started by what it is to notify of. */
const BEFORE_FIRST_MS = 60_000;
/** An outage that lasts longer, and a session that is queued for longer, are worth a notification. */
const LONG_OUTAGE_MS = 10 * 60_000;
const LONG_QUEUED_MS = 30 * 60_000;
const HOUR_MS = 3_600_000;

/**
 * The one queue of what is worth a notification. An event goes in before the cursor moves past it, so that a crash
 * between the two repeats it under the same id, and loses none.
 */
export class NoticeQueue {
  readonly #supervisor: Supervisor;
  #cursors: Cursors | undefined;
  /** Ids of what no event says, of the sessions of which it holds now: a crash loop, a long time in the queue. */
  #standing: ReadonlySet<string> = new Set();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  async take({ sessions }: Pick<Overlook, 'sessions'>): Promise<void> {
    const cursors = await this.#readCursors();
    const notices: QueuedNotice[] = [];
    const standing = new Set<string>();
    const read = new Map<string, number>();
    const { identity, host, paths } = this.#supervisor;
    for (const [place, session] of sessions) {
      const { sessionFile, state, lease, newer } = session.view;
      if (sessionFile === undefined || session.view.isUnreadable || newer !== undefined) continue;
      const from = cursors.read[place];
      const isOurs = isContinuedBy(lease, identity, host);
      for (const notice of isOurs ? this.#standingNotices(session, sessionFile.id) : []) {
        if (!this.#standing.has(notice.id)) notices.push(notice);
        standing.add(notice.id);
      }
      if (from === state.n) continue;
      read.set(place, state.n);
      if (!isOurs || (from === undefined && isOld(session, cursors))) continue;
      const events = await readEvents(session.paths.events, Math.min(from ?? 0, state.n));
      const news = from === undefined ? events.filter(({ at }) => at >= cursors.since) : events;
      notices.push(
        ...news.flatMap((event) => noticeOf(event, session, { sessionId: sessionFile.id, sessions })),
      );
      read.set(place, events.at(-1)?.n ?? state.n);
    }
    const news = [...new Map(notices.map((notice) => [notice.id, notice])).values()];
    if (news.length > 0) {
      for (const { session, text } of news) this.#supervisor.say(`${session}: ${text}`);
      appendLines(paths.queue, news.map((notice) => `${JSON.stringify(notice)}\n`).join(''));
    }
    this.#standing = standing;
    if (read.size === 0) return;
    crashPoint('before-cursors');
    const moved = {
      ...cursors,
      read: { ...withoutGone(cursors.read, sessions), ...Object.fromEntries(read) },
    };
    // Moved here as well where the file cannot be written: nothing is queued twice for it.
    this.#cursors = moved;
    await writeWhole(paths.cursors, `${JSON.stringify(moved)}\n`, 0o600);
  }

  #standingNotices({ view, waits, isDying }: WatchedSession, sessionId: string): QueuedNotice[] {
    const now = this.#supervisor.clock.now();
    const { status } = view.state;
    const standing = { v: 1 as const, at: isoUtc(now), ...placeOf(view) };
    const notices: QueuedNotice[] = [];
    if (isDying) {
      const id = `${sessionId}:crash_loop:${view.lease?.number ?? 0}`;
      const text = `${DYING}: see worker.stderr in ${view.paths.runDir}.`;
      notices.push({ ...standing, id, kind: 'crash_loop', text });
    }
    if (waits.for === 'turn' && status.kind === 'queued' && now - Date.parse(status.since) > LONG_QUEUED_MS) {
      const id = `${sessionId}:queued:${status.since}`;
      notices.push({
        ...standing,
        id,
        kind: 'queued',
        text: `queued since ${status.since}: ${status.reason}`,
      });
    }
    return notices;
  }

  async #readCursors(): Promise<Cursors> {
    if (this.#cursors !== undefined) return this.#cursors;
    const { paths, clock } = this.#supervisor;
    const read = await plainJson(paths.cursors, MAX_BYTES, Cursors);
    this.#cursors = read ?? { v: 1, since: isoUtc(clock.now() - BEFORE_FIRST_MS), read: {} };
    return this.#cursors;
  }
}

/** Nothing was written to its log since the queue began. */
function isOld({ paths }: WatchedSession, { since }: Cursors): boolean {
  return (statsAt(paths.events)?.mtimeMs ?? 0) < Date.parse(since);
}

/** Without those of sessions that were deleted: a folder of sessions that is away, or empty, is a disk that is away. */
function withoutGone(read: Cursors['read'], sessions: Overlook['sessions']): Cursors['read'] {
  const seen = new Set([...sessions.keys()].map((place) => dirname(place)));
  return Object.fromEntries(
    Object.entries(read).filter(([place]) => sessions.has(place) || !seen.has(dirname(place))),
  );
}

function placeOf({ folder, paths }: View) {
  return { session: folder, sessionsDir: paths.sessionsDir };
}

const NOTICE_KINDS = new Map<string, QueuedNotice['kind']>(
  (['stalled', 'main_checkout_moved', 'answer_changed', 'fallback'] as const).map((code) => [code, code]),
);

function kindOf(event: SessionEvent, { sessionFile, state }: View): QueuedNotice['kind'] | undefined {
  switch (event.type) {
    case 'parked':
      return isPlanChanged(event, state) ? 'plan_changed' : 'waiting';
    case 'blocked':
    case 'done':
      return event.type;
    case 'limited':
      if (event.outage === undefined) return 'limited';
      return becomesLong(event, event.outage.asksAt, sessionFile?.settings.retryHours)
        ? 'back_off'
        : undefined;
    case 'budget_warned':
      return 'budget';
    case 'worker_took_over':
      return event.previous === 'died' ? 'revived' : undefined;
    case 'notice':
      return NOTICE_KINDS.get(event.code);
    default:
      return undefined;
  }
}

/** Its approval no longer covers the plan: it was changed since. */
function isPlanChanged({ plan }: EventOf<'parked'>, { approvedPlan }: View['state']): boolean {
  return plan !== undefined && approvedPlan !== undefined && plan.hash !== approvedPlan.hash;
}

/** Of the waits of one outage, the one in which it comes to last long. */
function becomesLong(
  { at, until }: EventOf<'limited'>,
  asksAt: number,
  retryHours: number = USUAL_RETRY_HOURS,
): boolean {
  const beganMs = asksAt - retryHours * HOUR_MS;
  return Date.parse(at) - beganMs <= LONG_OUTAGE_MS && until - beganMs > LONG_OUTAGE_MS;
}

function noticeOf(
  event: SessionEvent,
  { view }: WatchedSession,
  { sessionId, sessions }: Pick<Overlook, 'sessions'> & { sessionId: string },
): QueuedNotice[] {
  const group = view.sessionFile?.group;
  const endsOne = group !== undefined && (event.type === 'done' || event.type === 'stopped');
  if (endsOne) return groupNotice(event.at, view, { group, sessions });
  const kind = kindOf(event, view);
  if (kind === undefined) return [];
  const text = describeEvent(event) ?? kind;
  return [{ v: 1, id: `${sessionId}:${event.n}`, at: event.at, kind, ...placeOf(view), text }];
}

/** One notification for a group, by whichever end shows that all of its sessions are over. */
function groupNotice(
  at: string,
  view: View,
  { group, sessions }: Pick<Overlook, 'sessions'> & { group: string },
): QueuedNotice[] {
  const { sessionsDir } = view.paths;
  const members = [...sessions.values()]
    .map((session) => session.view)
    .filter(({ paths, sessionFile }) => paths.sessionsDir === sessionsDir && sessionFile?.group === group)
    .filter((one) => !one.state.archived || one.folder === view.folder);
  const kindOfOne = ({ state }: View) => state.status.kind;
  const done = members.filter((one) => kindOfOne(one) === 'done');
  const stopped = members.filter((one) => kindOfOne(one) === 'stopped').length;
  const last = members.toSorted(byEnd).at(-1);
  if (last?.sessionFile === undefined || done.length === 0 || done.length + stopped < members.length)
    return [];
  const names = done.map(({ folder }) => folder).join(', ');
  const text = `Done: ${names}.${stopped > 0 ? ` Stopped: ${stopped}.` : ''}`;
  // The sessions were read one after the other, so that the last end need not be the one that shows it.
  const id = `${last.sessionFile.id}:group:${last.state.status.since}`;
  return [{ v: 1, id, at, kind: 'group_done', group, ...placeOf(last), text }];
}

function byEnd(a: View, b: View): number {
  return (
    Date.parse(a.state.status.since) - Date.parse(b.state.status.since) || (a.folder < b.folder ? -1 : 1)
  );
}
