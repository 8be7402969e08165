import { dirname, join } from 'node:path';
import * as z from 'zod';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { appendLines } from '../../../core/kernel/files/append-lines.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainJson } from '../../../core/kernel/files/plain-file.ts';
import { readEvents } from '../../../core/session/events/event-log.ts';
import { isContinuedBy } from '../../../core/session/status.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Supervisor } from '../../../core/supervisor/supervisor.ts';
import type { WatchedSession } from '../../../core/supervisor/watched-session.ts';
import type { QueuedNotice } from '../notice/queued-notice.ts';
import { beganAt } from '../outbox/channel-file.ts';
import { currentNotices, noticesOf } from './notices-of.ts';

/**
 * `since`: earlier events are ignored. `read`: how far each session's log was read, keyed by folder and id, since a
 * folder name can be reused.
 */
const Cursors = z.object({ v: z.literal(1), since: z.string(), read: z.record(z.string(), z.int()) });
type Cursors = z.infer<typeof Cursors>;

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The queue of notifications. An event is queued before the cursor passes it: a crash in between repeats the
 * event under the same id and loses none.
 */
export class NoticeQueue {
  readonly #supervisor: Supervisor;
  #cursors: Cursors | undefined;
  /** Ids of the current notices that follow from a state and not from an event. */
  #current: ReadonlySet<string> = new Set();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  async take({ sessions }: Pick<Scan, 'sessions'>): Promise<void> {
    const cursors = await this.#readCursors();
    const notices: QueuedNotice[] = [];
    const current = new Set<string>();
    const read = new Map<string, number>();
    const { identity, paths, clock } = this.#supervisor;
    for (const [folder, session] of sessions) {
      const { sessionFile, state, lease, newer } = session.view;
      if (sessionFile === undefined || session.view.isUnreadable || newer !== undefined) continue;
      const place = join(folder, sessionFile.id);
      const from = cursors.read[place];
      const isOurs = isContinuedBy(lease, identity);
      for (const notice of isOurs ? currentNotices(session, sessionFile.id, clock.now()) : []) {
        if (!this.#current.has(notice.id)) notices.push(notice);
        current.add(notice.id);
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
    const news = [...new Map(notices.map((notice) => [notice.id, notice])).values()];
    if (news.length > 0) {
      for (const { session, text } of news) this.#supervisor.say(`${session}: ${text}`);
      appendLines(paths.queue, news.map((notice) => `${JSON.stringify(notice)}\n`).join(''));
    }
    this.#current = current;
    if (read.size === 0) return;
    crashPoint('before-cursors');
    const moved = {
      ...cursors,
      read: { ...withoutGone(cursors.read, sessions), ...Object.fromEntries(read) },
    };
    // Advanced in memory even if the file cannot be written, so that nothing is queued twice.
    this.#cursors = moved;
    await writeWhole(paths.cursors, `${JSON.stringify(moved)}\n`, 0o600);
    crashPoint('after-cursors');
  }

  async #readCursors(): Promise<Cursors> {
    const { paths, clock } = this.#supervisor;
    const known = this.#cursors ?? (await plainJson(paths.cursors, MAX_BYTES, Cursors));
    this.#cursors = { v: 1, read: {}, ...known, since: beganAt(known?.since, clock) };
    return this.#cursors;
  }
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
