import { dirname, join } from 'node:path';
import * as z from 'zod';
import { diskTrouble } from '../../../core/caller/facts/worker-report.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { appendLines } from '../../../core/kernel/files/append-lines.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { readBoundedText } from '../../../core/kernel/files/lines.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainJson } from '../../../core/kernel/files/plain-file.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { hasNothingPending } from '../../../core/session/events/rest.ts';
import { isContinuedBy } from '../../../core/session/folder/read-session.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { WatchedSession } from '../../../core/supervisor/session.ts';
import type { Supervisor } from '../../../core/supervisor/supervisor.ts';
import { QueuedNotice } from '../notice/queued-notice.ts';
import { currentNotices, noticeSession, noticesOf } from './notices-of.ts';

/**
 * `since`: earlier events are ignored. `read`: how far each session's log was read, keyed by folder and id, since a
 * folder name can be reused.
 */
const Cursors = z.object({ v: z.literal(1), since: z.string(), read: z.record(z.string(), z.int()) });
type Cursors = z.infer<typeof Cursors>;

const MAX_BYTES = 16 * 1024 * 1024;
/** The first supervisor of a machine is started by the very event that it must report. */
const BEFORE_FIRST_MS = 60_000;
/** Notices that could not be sent within this time are dropped. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** A disk is often full for a moment. */
const DISK_TROUBLE_MS = 10_000;

/**
 * The queue of notifications, oldest first, each id once. An event is queued before the cursor of its session passes
 * it, so a crash in between loses none.
 */
export class NoticeQueue {
  readonly #supervisor: Supervisor;
  #cursors: Cursors | undefined;
  #entries: QueuedNotice[] | undefined;
  /** The sessions whose disk takes nothing, by id, with the time of the first look that found it. */
  readonly #diskTrouble = new Map<string, number>();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /** Only the supervisor writes the file, so it is read once. */
  get entries(): readonly QueuedNotice[] {
    this.#entries ??= readQueue(this.#supervisor.paths.queue);
    return this.#entries;
  }

  async take({
    sessions,
    pauses = [],
  }: Pick<Scan, 'sessions'> & Partial<Pick<Scan, 'pauses'>>): Promise<void> {
    const cursors = await this.#readCursors();
    const notices = pauses
      .splice(0)
      .map((pause): QueuedNotice => ({ v: 1, kind: 'recurring_paused', sessionsDir: '', ...pause }));
    const read = new Map<string, number>();
    const { identity, paths, clock } = this.#supervisor;
    for (const [folder, session] of sessions) {
      const { sessionFile, state, otherBuild } = session.view;
      if (sessionFile === undefined || session.view.isUnreadable || otherBuild !== undefined) continue;
      const place = join(folder, sessionFile.id);
      const from = cursors.read[place];
      const isOurs = isContinuedBy(session.view, identity);
      if (isOurs) {
        notices.push(...currentNotices(session, sessionFile.id, clock.now()));
        notices.push(...(await this.#heldByDisk(session, sessionFile.id, clock.now())));
      }
      if (from === state.n) continue;
      read.set(place, state.n);
      if (!isOurs || (from === undefined && isOld(session, cursors))) continue;
      const events = await readEvents(session.paths, Math.min(from ?? 0, state.n));
      const news = from === undefined ? events.filter(({ at }) => at >= cursors.since) : events;
      notices.push(
        ...news.flatMap((event) => noticesOf(event, session, { sessionId: sessionFile.id, sessions })),
      );
      read.set(place, events.at(-1)?.n ?? state.n);
    }
    await this.#append(notices);
    if (read.size === 0) return;
    crashPoint('before-cursors');
    const moved = {
      ...cursors,
      read: { ...withoutGone(cursors.read, sessions), ...Object.fromEntries(read) },
    };
    // Advanced in memory even if the file cannot be written, so that no log is read twice.
    this.#cursors = moved;
    await writeWhole(paths.cursors, `${JSON.stringify(moved)}\n`, { mode: 0o600 });
    crashPoint('after-cursors');
  }

  /** The notice of a session whose worker waits for its disk; the worker can write nothing itself. */
  async #heldByDisk({ view }: WatchedSession, sessionId: string, nowMs: number): Promise<QueuedNotice[]> {
    const isAtWork = view.worker === 'alive' && !hasNothingPending(view);
    const text = isAtWork ? await diskTrouble(view) : undefined;
    const sinceMs = this.#diskTrouble.get(sessionId) ?? nowMs;
    this.#diskTrouble.delete(sessionId);
    if (text === undefined) return [];
    this.#diskTrouble.set(sessionId, sinceMs);
    if (nowMs - sinceMs < DISK_TROUBLE_MS) return [];
    const id = `${sessionId}:disk:${isoUtc(sinceMs)}`;
    return [{ v: 1, id, at: isoUtc(nowMs), kind: 'disk', ...noticeSession(view), text }];
  }

  /** Appends the notices that the queue does not have, and drops those that are too old to be sent. */
  async #append(notices: readonly QueuedNotice[]): Promise<void> {
    const { paths, clock, say } = this.#supervisor;
    const oldest = isoUtc(clock.now() - KEPT_MS);
    const first = this.entries.findIndex(({ at }) => at > oldest);
    if (first !== 0 && this.entries.length > 0) {
      const kept = first === -1 ? [] : this.entries.slice(first);
      await writeWhole(paths.queue, linesOf(kept), { mode: 0o600 });
      this.#entries = kept;
    }
    const known = new Set(this.entries.map(({ id }) => id));
    const news = eachOnce(notices).filter(({ id }) => !known.has(id));
    if (news.length === 0) return;
    for (const { session, text } of news) say(`${session}: ${text}`);
    appendLines(paths.queue, linesOf(news));
    this.#entries = [...this.entries, ...news];
  }

  async #readCursors(): Promise<Cursors> {
    const { paths, clock } = this.#supervisor;
    const known = this.#cursors ?? (await plainJson(paths.cursors, Cursors));
    this.#cursors = { v: 1, read: {}, ...known, since: sinceOf(known, clock) };
    return this.#cursors;
  }
}

function readQueue(path: string): QueuedNotice[] {
  const reading = readBoundedText(path, { maxBytes: MAX_BYTES, keep: 'end' });
  const lines = reading.kind === 'text' ? reading.text.split('\n') : [];
  return eachOnce(lines.flatMap((line) => QueuedNotice.safeParse(parseJson(line)).data ?? []));
}

function eachOnce(notices: readonly QueuedNotice[]): QueuedNotice[] {
  return [...new Map(notices.map((notice) => [notice.id, notice])).values()];
}

function linesOf(notices: readonly QueuedNotice[]): string {
  return notices.map((notice) => `${JSON.stringify(notice)}\n`).join('');
}

/** A time in the future, from a wrong clock, is replaced. */
function sinceOf(known: Cursors | undefined, { now }: Pick<Clock, 'now'>): string {
  return known !== undefined && known.since <= isoUtc(now()) ? known.since : isoUtc(now() - BEFORE_FIRST_MS);
}

/** Whether nothing has been written to the log since the queue began. */
function isOld({ paths }: WatchedSession, { since }: Cursors): boolean {
  return (statsAt(paths.events)?.mtimeMs ?? 0) < Date.parse(since);
}

/** Drops deleted sessions. A folder of sessions that is missing or empty counts as an unmounted disk. */
function withoutGone(read: Cursors['read'], sessions: Scan['sessions']): Cursors['read'] {
  const seen = new Set([...sessions.keys()].map((place) => dirname(place)));
  return Object.fromEntries(
    Object.entries(read).filter(
      ([place]) => sessions.has(dirname(place)) || !seen.has(dirname(dirname(place))),
    ),
  );
}
