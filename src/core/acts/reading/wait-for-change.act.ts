import type { ActionContext } from '../../caller/context/context.ts';
import { findSession } from '../../caller/context/find-session.ts';
import { cursorOf, cursorOfSeveral, type Seen, seenIn } from '../../caller/facts/cursor.ts';
import { reportOn, type SessionReport } from '../../caller/facts/get-status.ts';
import { groupLines } from '../../caller/facts/session-facts.ts';
import { needsRescue } from '../../caller/facts/worker-now.ts';
import { describeEvent } from '../../session/documents/describe-event.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { hasEnded, isAtRest } from '../../session/events/rest.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { byUrgency, needsHuman } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { waitForEvents } from '../../session/folder/watch.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { watchedPullRequest } from '../../session/waits/pull-request.ts';
import { sessionsOfGroup } from './list-sessions.act.ts';

export interface WaitForAnyInput {
  /** At least one, unless there is a group. */
  sessions: readonly string[];
  /** All sessions of this group instead; `until: done` and `merged` then require all of them to have ended. */
  group?: string;
  /** Of an earlier result: what the caller has seen. Of a session that it says nothing about, only events after the call count. */
  cursor?: string | undefined;
  projectDir?: string;
  until: WaitUntil;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Called at each look, every few seconds at least. */
  onLook?(reports: readonly SessionReport[]): void;
}

export interface WaitResult extends SessionReport {
  changed: boolean;
  /** The notable events after the cursor, oldest first. */
  happened: ReportedEvent[];
  leftOut: number;
  /** Pass it to the next call, so that no event is missed. */
  cursor: string;
  /** For a group: how many are done, and what each of the others is doing or waiting for. */
  groupSays?: string[];
}

/**
 * Waits until a session changes, needs a person or ends, or until the timeout. Of several sessions it returns
 * one, preferably one that needs a person; the next call returns the events of the others, because the cursor
 * does not pass them. Keeps no state, so an interrupted call loses nothing. Starts nothing: if the worker
 * is gone, it returns at once.
 */
export async function waitForAny(input: WaitForAnyInput, context: ActionContext): Promise<WaitResult> {
  const { reported, readings, changed } = await waitedFor(input, context);
  return waitResult(reported, { changed, readings, isGroup: input.group !== undefined });
}

async function waitedFor(
  input: WaitForAnyInput,
  context: ActionContext,
): Promise<{ reported: Reading; readings: readonly Reading[]; changed: boolean }> {
  const { clock } = context;
  const { until, timeoutMs, signal } = input;
  let watched = await watchedSessions(input, context);
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const readings = await Promise.all(watched.map((each) => readWatched(each, until, context)));
    input.onLook?.(readings.map(({ report }) => report));
    const left = deadline - clock.monotonic();
    const reported = firstToReport(readings, { until, isGroup: input.group !== undefined });
    if (reported !== undefined) return { reported, readings, changed: true };
    const [first] = readings.toSorted(stuckFirst);
    if (left <= 0 && first !== undefined) return { reported: first, readings, changed: false };
    await waitForEvents(
      watched.map(({ view }) => ({ paths: view.paths, after: view.state.n })),
      { timeoutMs: Math.min(left, POLL_MS), clock, signal },
    );
    watched = await Promise.all(readings.map((each) => readAgain(each, context)));
  }
}

export interface AwaitedSession extends Seen {
  view: SessionView;
  isNew: boolean;
}

async function watchedSessions(
  { sessions: named, group, cursor, projectDir }: WaitForAnyInput,
  context: ActionContext,
): Promise<AwaitedSession[]> {
  const sessions =
    group === undefined
      ? named
      : (await sessionsOfGroup({ group, projectDir }, context)).map(({ folder }) => folder);
  const found = new Map<string, SessionView>();
  for (const session of sessions) {
    const view = await findSession({ session, projectDir }, context);
    // Two names may refer to the same session.
    found.set(view.paths.runDir, view);
  }
  return [...found.values()].map((view) => watchedFrom(view, seenIn(cursor, view.folder, found.size === 1)));
}

/** @param seen by the caller, if it is known */
export function watchedFrom(view: SessionView, seen: Seen | undefined): AwaitedSession {
  const { n } = view.state;
  const { n: known, knowsStuck } = seen ?? { n };
  return { view, n: Math.min(known, n), isNew: seen === undefined, knowsStuck: knowsStuck && known >= n };
}

async function readAgain(watched: AwaitedSession, { host }: ActionContext): Promise<AwaitedSession> {
  const view = (await readSession(watched.view.paths, host)) ?? watched.view;
  return { ...watched, view, knowsStuck: watched.knowsStuck && view.state.n === watched.n };
}

export interface Reading extends AwaitedSession {
  report: SessionReport;
  happened: ReportedEvent[];
  isReached: boolean;
}

export async function readWatched(
  watched: AwaitedSession,
  until: WaitUntil,
  context: ActionContext,
): Promise<Reading> {
  const { view, n } = watched;
  const report = await reportOn(view, context);
  const happened = await happenedSince(view, n);
  const knowsStuck = watched.knowsStuck && needsRescue(view, report);
  const isDone = isReached(until, { ...watched, report, happened });
  return { ...watched, knowsStuck, report, happened, isReached: isDone };
}

/** A wait for the end of a whole group ignores every end but the last. */
function withoutEarlyEnds(readings: readonly Reading[], until: WaitUntil): Reading[] {
  const isEnd = until === 'merged' ? isPublished : (view: SessionView) => hasEnded(view.state.status.kind);
  const isForAll = until === 'done' || until === 'merged';
  if (!isForAll || readings.every(({ view }) => isEnd(view))) return [...readings];
  return readings.map((reading) => (isEnd(reading.view) ? { ...reading, isReached: false } : reading));
}

/** A session that was already reported and is only at rest must not end the wait for the others. */
export function firstToReport(
  all: readonly Reading[],
  { until, isGroup }: { until: WaitUntil; isGroup: boolean },
): Reading | undefined {
  const readings = isGroup ? withoutEarlyEnds(all, until) : all;
  const reached = readings.filter(({ isReached }) => isReached);
  const news = reached.filter(isNews);
  const reported = news.length > 0 ? news : reached.length === readings.length ? reached : [];
  return reported.toSorted(stuckFirst)[0];
}

/** Whether its caller does not know yet what it reports. */
export function isNews({ isNew, happened, knowsStuck, view, report }: Reading): boolean {
  return isNew || happened.length > 0 || (!knowsStuck && needsRescue(view, report));
}

function stuckFirst(a: Reading, b: Reading): number {
  return (
    Number(needsRescue(b.view, b.report)) - Number(needsRescue(a.view, a.report)) || byUrgency(a.view, b.view)
  );
}

export function waitResult(
  reported: Reading,
  { changed, readings, isGroup }: { changed: boolean; readings: readonly Reading[]; isGroup: boolean },
): WaitResult {
  const seenNow = (reading: Reading) => (changed && reading === reported ? seenWhole(reading) : reading);
  const isSeveral = isGroup || readings.length > 1;
  const happened = changed ? reported.happened : [];
  return {
    ...reported.report,
    changed,
    happened: happened.slice(-MAX_REPORTED),
    leftOut: Math.max(0, happened.length - MAX_REPORTED),
    cursor: isSeveral ? cursorOfSeveral(readings.map(seenNow)) : cursorOf(seenNow(reported)),
    ...(isGroup && { groupSays: groupLines(readings) }),
  };
}

function seenWhole(reading: Reading): Reading {
  const { view, report } = reading;
  return { ...reading, n: view.state.n, knowsStuck: needsRescue(view, report) };
}

/** How often to check whether a worker has died. */
const POLL_MS = 5000;
const MAX_REPORTED = 20;

function isReached(
  until: WaitUntil,
  { view, report, happened, isNew }: AwaitedSession & Pick<Reading, 'report' | 'happened'>,
): boolean {
  // The session will not continue without a person.
  if (needsRescue(view, report)) return true;
  const needsPerson = needsHuman(view);
  const { kind } = view.state.status;
  switch (until) {
    case 'attention':
      return needsPerson || hasEnded(kind);
    case 'done':
      return isAtRest(kind);
    case 'merged':
      return isPublished(view) || kind === 'blocked';
    case 'change':
      // The end of an iteration and the decision after it are one change.
      if (view.state.work?.kind === 'decision') return false;
      return happened.length > 0 || (isNew && (needsPerson || hasEnded(kind)));
    default:
      return until satisfies never;
  }
}

/** True if the session has ended, and its pull request is not watched or no longer open. */
function isPublished(view: SessionView): boolean {
  return hasEnded(view.state.status.kind) && watchedPullRequest(view.state)?.state !== 'open';
}

/**
 * `change`: any notable event; `attention`: a person is needed or it has ended; `done`: it has ended;
 * `merged`: it has ended, and its pull request is merged or closed, or is not watched.
 */
export const WAIT_UNTIL = ['change', 'attention', 'done', 'merged'] as const;
export type WaitUntil = (typeof WAIT_UNTIL)[number];

/** One event as a sentence. May contain text written by agents. */
export interface ReportedEvent {
  n: number;
  at: string;
  type: EventType;
  text: string;
  /** True for an expected event, which the session's current state implies. */
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
