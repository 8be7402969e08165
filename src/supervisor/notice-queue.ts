import * as z from 'zod';
import { DYING } from '../actions/reading/revival-limit.ts';
import { isoUtc } from '../base/clock.ts';
import { crashPoint } from '../base/fault-points.ts';
import { appendLines } from '../base/files/append-lines.ts';
import { writeWhole } from '../base/files/atomic-file.ts';
import { statsAt } from '../base/files/look-at.ts';
import { plainText } from '../base/files/plain-file.ts';
import { parseJson } from '../base/parse-json.ts';
import { isContinuedBy } from '../session/continued-by.ts';
import { describeEvent } from '../session/documents/describe-event.ts';
import { readEvents } from '../session/events/event-log.ts';
import type { SessionEvent } from '../session/events/events.ts';
import type { Overlook } from './overlook.ts';
import type { Supervisor } from './supervisor.ts';
import type { WatchedSession } from './watched-session.ts';

/** One line of `queue.jsonl`: a change worth a notification. The same `id` twice is the same change. */
export const QueuedNotice = z.object({
  v: z.literal(1),
  /** `<session id>:<event number>`, or `:crash_loop:<lease number>`. */
  id: z.string(),
  /** ISO time of the change. */
  at: z.string(),
  kind: z.enum([
    ...['waiting', 'blocked', 'limited', 'stalled', 'done', 'revived', 'crash_loop'],
    ...['main_checkout_moved', 'answer_changed', 'fallback'],
  ] as const),
  session: z.string(),
  sessionsDir: z.string(),
  text: z.string(),
});
export type QueuedNotice = z.infer<typeof QueuedNotice>;

/** `since`: what happened before is old news. `read`: how far the log of each session was read, by its folder. */
const Cursors = z.object({ v: z.literal(1), since: z.string(), read: z.record(z.string(), z.int()) });
type Cursors = z.infer<typeof Cursors>;

const MAX_BYTES = 16 * 1024 * 1024;
/** The first supervisor of a machine is started by what it is to notify of. */
const BEFORE_FIRST_MS = 60_000;

/**
 * The one queue of what is worth a notification. An event goes in before the cursor moves past it, so that a crash
 * between the two repeats it under the same id, and loses none.
 */
export class NoticeQueue {
  readonly #supervisor: Supervisor;
  #cursors: Cursors | undefined;
  /** Of the sessions that are in one now. */
  #crashLoops: ReadonlySet<string> = new Set();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  async take({ sessions }: Pick<Overlook, 'sessions'>): Promise<void> {
    const cursors = await this.#readCursors();
    const notices: QueuedNotice[] = [];
    const crashLoops = new Set<string>();
    const read = new Map<string, number>();
    const { identity, host, paths } = this.#supervisor;
    for (const [place, session] of sessions) {
      const { sessionFile, state, lease, newer } = session.view;
      if (sessionFile === undefined || session.view.isUnreadable || newer !== undefined) continue;
      const from = cursors.read[place];
      const isOurs = isContinuedBy(lease, identity, host);
      if (isOurs && session.isDying) {
        const notice = this.#crashLoop(session, sessionFile.id);
        if (!this.#crashLoops.has(notice.id)) notices.push(notice);
        crashLoops.add(notice.id);
      }
      if (from === state.n) continue;
      read.set(place, state.n);
      if (!isOurs || (from === undefined && isOld(session, cursors))) continue;
      const events = await readEvents(session.paths.events, Math.min(from ?? 0, state.n));
      const news = from === undefined ? events.filter(({ at }) => at >= cursors.since) : events;
      notices.push(...news.flatMap((event) => noticeOf(event, session, sessionFile.id)));
      read.set(place, events.at(-1)?.n ?? state.n);
    }
    if (notices.length > 0) {
      for (const { session, text } of notices) this.#supervisor.say(`${session}: ${text}`);
      appendLines(paths.queue, notices.map((notice) => `${JSON.stringify(notice)}\n`).join(''));
    }
    this.#crashLoops = crashLoops;
    if (read.size === 0) return;
    crashPoint('before-cursors');
    const moved = { ...cursors, read: { ...cursors.read, ...Object.fromEntries(read) } };
    // Moved here as well where the file cannot be written: nothing is queued twice for it.
    this.#cursors = moved;
    await writeWhole(paths.cursors, `${JSON.stringify(moved)}\n`, 0o600);
  }

  #crashLoop({ view }: WatchedSession, sessionId: string): QueuedNotice {
    const id = `${sessionId}:crash_loop:${view.lease?.number ?? 0}`;
    const at = isoUtc(this.#supervisor.clock.now());
    const text = `${DYING}: see worker.stderr in ${view.paths.runDir}.`;
    return { v: 1, id, at, kind: 'crash_loop', ...placeOf(view), text };
  }

  async #readCursors(): Promise<Cursors> {
    if (this.#cursors !== undefined) return this.#cursors;
    const { paths, clock } = this.#supervisor;
    const text = await plainText(paths.cursors, MAX_BYTES);
    const read = Cursors.safeParse(text === undefined ? undefined : parseJson(text)).data;
    this.#cursors = read ?? { v: 1, since: isoUtc(clock.now() - BEFORE_FIRST_MS), read: {} };
    return this.#cursors;
  }
}

/** Nothing was written to its log since the queue began. */
function isOld({ paths }: WatchedSession, { since }: Cursors): boolean {
  return (statsAt(paths.events)?.mtimeMs ?? 0) < Date.parse(since);
}

function placeOf({ folder, paths }: WatchedSession['view']) {
  return { session: folder, sessionsDir: paths.sessionsDir };
}

const NOTICE_KINDS = new Map<string, QueuedNotice['kind']>(
  (['stalled', 'main_checkout_moved', 'answer_changed', 'fallback'] as const).map((code) => [code, code]),
);

function kindOf(event: SessionEvent): QueuedNotice['kind'] | undefined {
  switch (event.type) {
    case 'parked':
      return 'waiting';
    case 'blocked':
    case 'limited':
    case 'done':
      return event.type;
    case 'worker_took_over':
      return event.previous === 'died' ? 'revived' : undefined;
    case 'notice':
      return NOTICE_KINDS.get(event.code);
    default:
      return undefined;
  }
}

function noticeOf(event: SessionEvent, { view }: WatchedSession, sessionId: string): QueuedNotice[] {
  const kind = kindOf(event);
  if (kind === undefined) return [];
  const text = describeEvent(event) ?? kind;
  return [{ v: 1, id: `${sessionId}:${event.n}`, at: event.at, kind, ...placeOf(view), text }];
}
