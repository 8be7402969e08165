import { describeEvent } from '../session/describe-event.ts';
import { readEvents } from '../session/event-log.ts';
import type { EventType } from '../session/event-types.ts';
import type { SessionEvent } from '../session/events.ts';
import { needsHuman } from '../session/session-list.ts';
import type { SessionView } from '../session/status.ts';
import { readSession } from '../session/status.ts';
import { waitForEvents } from '../session/watch.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { reportOn, type SessionReport } from './get-status.ts';
import type { WaitUntil } from './wait-until.ts';

export interface WaitInput extends SessionQuestion {
  /** Number of the last event that the caller was told of; without it only what comes from now on counts. */
  cursor?: number | undefined;
  until: WaitUntil;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** One event in a sentence. Texts of children within it are theirs. */
export interface Happening {
  n: number;
  /** ISO time. */
  at: string;
  type: EventType;
  text: string;
}

export interface WaitResult extends SessionReport {
  changed: boolean;
  /** Everything behind the cursor that is worth telling, oldest first. */
  happened: Happening[];
  /** Hand it to the next call, and nothing is lost between the two. */
  cursor: number;
}

/**
 * Blocks until a session changes, needs a person or is over, or until the time has passed. Holds no
 * state: a call that is cut off loses nothing. Brings back a worker that is missing.
 * @throws SessionNotFoundError; the signal's reason when aborted
 */
export async function waitForChange(input: WaitInput, context: ActionContext): Promise<WaitResult> {
  const { clock, host } = context;
  const found = await findSession(input, context);
  const { paths } = found;
  const cursor = Math.min(input.cursor ?? found.state.n, found.state.n);
  const deadline = clock.monotonic() + input.timeoutMs;
  let view: SessionView = found;
  for (;;) {
    const report = await reportOn(view, context);
    const happened = await happenedSince(view, cursor);
    const left = deadline - clock.monotonic();
    const changed = isReached(input, view, happened);
    if (changed) return { ...report, changed, happened, cursor: view.state.n };
    if (left <= 0) return { ...report, changed, happened: [], cursor };
    await waitForEvents([{ paths, after: view.state.n }], {
      timeoutMs: Math.min(left, LOOK_AGAIN_MS),
      clock,
      ...(input.signal && { signal: input.signal }),
    });
    view = (await readSession(paths, host)) ?? view;
  }
}

/** How often a worker that died silently is looked for. */
const LOOK_AGAIN_MS = 5000;
/** More than this in one answer is a flood; the oldest are left out. */
const MAX_HAPPENINGS = 20;

/** Steps on the way to something that is told anyway. */
const NOT_TOLD: ReadonlySet<EventType> = new Set<EventType>([
  'session_created',
  'worker_took_over',
  'worker_left',
  'command_accepted',
  'command_refused',
  'iteration_started',
  'message_kept',
  'messages_delivered',
  'stop_requested',
]);

/** What is worth telling among the events that `view` knows and the reader does not. */
async function happenedSince({ paths, state }: SessionView, cursor: number): Promise<Happening[]> {
  const events = state.n > cursor ? await readEvents(paths.events, cursor) : [];
  return events
    .filter(({ n }) => n <= state.n)
    .flatMap(toldOf)
    .slice(-MAX_HAPPENINGS);
}

function toldOf(event: SessionEvent): Happening[] {
  const text = NOT_TOLD.has(event.type) ? undefined : describeEvent(event);
  return text === undefined ? [] : [{ n: event.n, at: event.at, type: event.type, text }];
}

function isReached({ until, cursor }: WaitInput, view: SessionView, happened: readonly Happening[]): boolean {
  switch (until) {
    case 'attention':
      return needsHuman(view) || isOver(view);
    case 'done':
      return isOver(view) || view.state.status.kind === 'blocked';
    case 'change':
      // The end of an iteration and what follows from it are one change.
      if (view.state.pending !== undefined) return false;
      return happened.length > 0 || (cursor === undefined && (needsHuman(view) || isOver(view)));
    default:
      return until satisfies never;
  }
}

/** True when nothing happens any more unless somebody resumes the session. */
export function isOver(view: SessionView): boolean {
  const { kind } = view.state.status;
  return kind === 'done' || kind === 'stopped';
}
