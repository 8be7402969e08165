import { mkdir } from 'node:fs/promises';
import * as z from 'zod';
import { appendLines } from '../base/append-lines.ts';
import { writeWhole } from '../base/atomic-file.ts';
import { isoUtc } from '../base/clock.ts';
import { parseJson } from '../base/parse-json.ts';
import { plainText } from '../base/plain-file.ts';
import { describeEvent } from '../session/describe-event.ts';
import { readEvents } from '../session/event-log.ts';
import type { SessionEvent } from '../session/events.ts';
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

const Cursors = z.object({ v: z.literal(1), since: z.string(), read: z.record(z.string(), z.int()) });
type Cursors = z.infer<typeof Cursors>;

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The one queue of what is worth a notification. An event goes in before the cursor moves past it, so that a crash
 * between the two repeats it under the same id, and loses none.
 */
export class NoticeQueue {
  readonly #supervisor: Supervisor;
  #cursors: Cursors | undefined;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  async take({ sessions }: Overlook): Promise<void> {
    const cursors = await this.#readCursors();
    const notices: QueuedNotice[] = [];
    let hasMoved = false;
    const known = new Set<string>();
    for (const session of sessions.values()) {
      const { sessionFile, state } = session.view;
      if (sessionFile === undefined || session.waits.for === 'person') continue;
      known.add(sessionFile.id);
      if (session.isDying) notices.push(...this.#crashLoop(session, sessionFile.id));
      const read = cursors.read[sessionFile.id] ?? startOf(session, cursors);
      if (read === state.n) continue;
      const events = await readEvents(session.paths.events, Math.min(read, state.n));
      notices.push(...events.flatMap((event) => noticeOf(event, session, sessionFile.id)));
      cursors.read[sessionFile.id] = events.at(-1)?.n ?? state.n;
      hasMoved = true;
    }
    const { paths } = this.#supervisor;
    if (notices.length > 0) {
      await mkdir(paths.dir, { recursive: true, mode: 0o700 });
      appendLines(paths.queue, notices.map((notice) => `${JSON.stringify(notice)}\n`).join(''));
    }
    if (hasMoved) await writeWhole(paths.cursors, `${JSON.stringify(cursors)}\n`, 0o600);
  }

  readonly #dying = new Set<string>();

  #crashLoop({ view }: WatchedSession, sessionId: string): QueuedNotice[] {
    const id = `${sessionId}:crash_loop:${view.lease?.number ?? 0}`;
    if (this.#dying.has(id)) return [];
    this.#dying.add(id);
    const at = isoUtc(this.#supervisor.clock.now());
    const text = `Its workers end again and again: see worker.stderr in ${view.paths.runDir}.`;
    return [{ v: 1, id, at, kind: 'crash_loop', ...placeOf(view), text }];
  }

  async #readCursors(): Promise<Cursors> {
    if (this.#cursors !== undefined) return this.#cursors;
    const { paths, clock } = this.#supervisor;
    const text = await plainText(paths.cursors, MAX_BYTES);
    const read = Cursors.safeParse(text === undefined ? undefined : parseJson(text)).data;
    this.#cursors = read ?? { v: 1, since: isoUtc(clock.now()), read: {} };
    return this.#cursors;
  }
}

/** Of a session that is older than the queue only what comes from now on counts. */
function startOf({ view }: WatchedSession, { since }: Cursors): number {
  return (view.state.createdAt ?? since) >= since ? 0 : view.state.n;
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
