import { describeEvent } from '../../session/documents/describe-event.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { watchedPullRequest } from '../../session/pull-request.ts';
import { byUrgency, needsHuman } from '../../session/session-list.ts';
import { readSession } from '../../session/status.ts';
import { waitForEvents } from '../../session/watching/watch.ts';
import type { ActionContext } from '../common/context.ts';
import { reportOn, type SessionReport } from '../common/facts/get-status.ts';
import { groupLines } from '../common/facts/report-facts.ts';
import { isStuck } from '../common/facts/worker-now.ts';
import { findSession } from '../common/places/find-session.ts';
import { sessionsOfGroup } from './list-sessions.act.ts';

export interface WaitForAnyInput {
  /**
   * At least one, unless there is a group. `cursor`: number of the last event that the caller has seen; without it,
   * only later events count.
   */
  sessions: readonly { session: string; cursor?: number | undefined }[];
  /** All sessions of this group instead; `until: done` and `merged` then require all of them to have ended. */
  group?: string | undefined;
  /** The cursors of an earlier result, by folder; used for sessions without a cursor of their own. */
  cursors?: Readonly<Record<string, number>> | undefined;
  projectDir?: string | undefined;
  until: WaitUntil;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface WaitResult extends SessionReport {
  changed: boolean;
  /** The notable events after the cursor, oldest first. */
  happened: ReportedEvent[];
  leftOut: number;
  /** To pass to the next call, so that no event is missed. */
  cursor: number;
  /** Of every session, by folder; to pass to the next call. */
  cursors: Record<string, number>;
  /** For a group: how many are done, and what each of the others is doing or waiting for. */
  groupSays?: string[];
}

/**
 * Waits until a session changes, needs a person or ends, or until the timeout. Of several sessions it returns one,
 * preferring one that needs a person; events of the others are returned by the next call, because their cursors do not
 * advance. Keeps no state, so an interrupted call loses nothing. Starts nothing: if the worker is gone, it returns at
 * once.
 * @throws session_not_found; the signal's reason when aborted
 */
export async function waitForAny(input: WaitForAnyInput, context: ActionContext): Promise<WaitResult> {
  const { told, readings, changed } = await waitedFor(input, context);
  const result = resultOf(told, changed, readings);
  return input.group === undefined ? result : { ...result, groupSays: groupLines(readings) };
}

async function waitedFor(
  input: WaitForAnyInput,
  context: ActionContext,
): Promise<{ told: Reading; readings: readonly Reading[]; changed: boolean }> {
  const { clock } = context;
  const { until, timeoutMs, signal } = input;
  let watched = await watchedSessions(input, context);
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const readings = await Promise.all(watched.map((each) => readWatched(each, until, context)));
    const left = deadline - clock.monotonic();
    const told = firstToReport(input.group === undefined ? readings : withoutEarlyEnds(readings, until));
    if (told !== undefined) return { told, readings, changed: true };
    const [first] = readings.toSorted(stuckFirst);
    if (left <= 0 && first !== undefined) return { told: first, readings, changed: false };
    await waitForEvents(
      watched.map(({ view }) => ({ paths: view.paths, after: view.state.n })),
      { timeoutMs: Math.min(left, POLL_MS), clock, signal },
    );
    watched = await Promise.all(readings.map((each) => readAgain(each, context)));
  }
}

interface Watched {
  view: SessionView;
  cursor: number;
  isNew: boolean;
  /** Its being stuck was already reported: its cursor is beyond the last event. */
  knowsStuck: boolean;
}

async function watchedSessions(
  { sessions: named, group, cursors = {}, projectDir }: WaitForAnyInput,
  context: ActionContext,
): Promise<Watched[]> {
  const sessions: WaitForAnyInput['sessions'] =
    group === undefined
      ? named
      : (await sessionsOfGroup({ group, projectDir }, context)).map(({ folder }) => ({ session: folder }));
  const found = new Map<string, Watched>();
  for (const { session, cursor } of sessions) {
    const view = await findSession({ session, projectDir }, context);
    const key = [view.folder, session].find((name) => Object.hasOwn(cursors, name));
    const given = cursor ?? (key === undefined ? undefined : cursors[key]);
    const known = given ?? view.state.n;
    const isNew = given === undefined;
    // Two names may refer to the same session.
    if (!found.has(view.paths.runDir)) {
      const cursor = Math.min(known, view.state.n);
      found.set(view.paths.runDir, { view, cursor, isNew, knowsStuck: known > cursor });
    }
  }
  return [...found.values()];
}

async function readAgain(watched: Watched, { host }: ActionContext): Promise<Watched> {
  const view = (await readSession(watched.view.paths, host)) ?? watched.view;
  return { ...watched, view, knowsStuck: watched.knowsStuck && view.state.n === watched.cursor };
}

interface Reading extends Watched {
  report: SessionReport;
  happened: ReportedEvent[];
  isReached: boolean;
}

async function readWatched(watched: Watched, until: WaitUntil, context: ActionContext): Promise<Reading> {
  const { view, cursor } = watched;
  const report = await reportOn(view, context);
  const happened = await happenedSince(view, cursor);
  return { ...watched, report, happened, isReached: isReached(until, { ...watched, report, happened }) };
}

/** A wait for the end of a group ignores each end before the last. */
function withoutEarlyEnds(readings: readonly Reading[], until: WaitUntil): Reading[] {
  const isEnd = until === 'merged' ? isPublished : isOver;
  const isForAll = until === 'done' || until === 'merged';
  if (!isForAll || readings.every(({ view }) => isEnd(view))) return [...readings];
  return readings.map((reading) => (isEnd(reading.view) ? { ...reading, isReached: false } : reading));
}

/** Of several, a session that was already reported and only rests must not end the wait for the others. */
function firstToReport(readings: readonly Reading[]): Reading | undefined {
  const reached = readings.filter(({ isReached }) => isReached);
  const news = reached.filter(
    ({ isNew, happened, knowsStuck, view, report }) =>
      isNew || happened.length > 0 || (!knowsStuck && isStuck(view, report)),
  );
  const told = news.length > 0 ? news : reached.length === readings.length ? reached : [];
  return told.toSorted(stuckFirst)[0];
}

function stuckFirst(a: Reading, b: Reading): number {
  return Number(isStuck(b.view, b.report)) - Number(isStuck(a.view, a.report)) || byUrgency(a.view, b.view);
}

function resultOf(told: Reading, changed: boolean, readings: readonly Reading[]): WaitResult {
  const cursor = changed ? told.view.state.n : told.cursor;
  const cursors = readings.map(
    (reading) => [reading.view.folder, nextCursor(reading, changed && reading === told)] as const,
  );
  const happened = changed ? told.happened : [];
  return {
    ...told.report,
    changed,
    happened: happened.slice(-MAX_REPORTED),
    leftOut: Math.max(0, happened.length - MAX_REPORTED),
    cursor,
    cursors: Object.fromEntries(cursors),
  };
}

/**
 * The cursor of a stuck session is advanced by one once that was reported; the next event there is that of a new
 * worker, which is not reported.
 */
function nextCursor({ view, report, cursor, knowsStuck }: Reading, isReported: boolean): number {
  const knows = (isReported || knowsStuck) && isStuck(view, report);
  return (isReported ? view.state.n : cursor) + (knows ? 1 : 0);
}

/** How soon the death of a worker is noticed. */
const POLL_MS = 5000;
const MAX_REPORTED = 20;

function isReached(
  until: WaitUntil,
  { view, report, happened, isNew }: Watched & Pick<Reading, 'report' | 'happened'>,
): boolean {
  // It will not continue by itself.
  if (isStuck(view, report)) return true;
  const isHumans = needsHuman(view);
  switch (until) {
    case 'attention':
      return isHumans || isOver(view);
    case 'done':
      return isOver(view) || view.state.status.kind === 'blocked';
    case 'merged':
      return isPublished(view) || view.state.status.kind === 'blocked';
    case 'change':
      // The end of an iteration and the decision after it are one change.
      if (view.state.pending !== undefined) return false;
      return happened.length > 0 || (isNew && (isHumans || isOver(view)));
    default:
      return until satisfies never;
  }
}

/** True if nothing more happens until the session is resumed. */
function isOver(view: SessionView): boolean {
  const { kind } = view.state.status;
  return kind === 'done' || kind === 'stopped';
}

/** True if it has ended, and nothing more will be learned of its pull request. */
function isPublished(view: SessionView): boolean {
  return isOver(view) && watchedPullRequest(view.state) === undefined;
}

/**
 * `change`: any notable event; `attention`: a person is needed or it has ended; `done`: it has ended; `merged`: so has
 * its pull request, or nobody watches one.
 */
export const WAIT_UNTIL = ['change', 'attention', 'done', 'merged'] as const;
export type WaitUntil = (typeof WAIT_UNTIL)[number];

/** One event as a sentence. May contain text written by agents. */
export interface ReportedEvent {
  n: number;
  at: string;
  type: EventType;
  text: string;
  /** As expected, and implied by the session's current state. */
  isRoutine: boolean;
}

/** Intermediate steps whose outcome is reported anyway. */
const UNREPORTED: ReadonlySet<EventType> = new Set<EventType>([
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

/** The notable events up to the state in `view` that the caller has not seen. */
async function happenedSince({ paths, state }: SessionView, cursor: number): Promise<ReportedEvent[]> {
  const events = state.n > cursor ? await readEvents(paths, cursor) : [];
  return events.filter(({ n }) => n <= state.n).flatMap(reportedEvent);
}

function reportedEvent(event: SessionEvent): ReportedEvent[] {
  const text = UNREPORTED.has(event.type) ? undefined : describeEvent(event);
  if (text === undefined) return [];
  return [{ n: event.n, at: event.at, type: event.type, text, isRoutine: isRoutine(event) }];
}

function isRoutine(event: SessionEvent): boolean {
  if (event.type !== 'iteration_ended' || event.ending !== 'signalled') return false;
  return event.decision.kind === 'run' && event.decision.retry === undefined;
}
