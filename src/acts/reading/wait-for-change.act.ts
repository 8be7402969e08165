import { describeEvent } from '../../session/documents/describe-event.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
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
   * At least one, where there is no group. `cursor`: number of the last event that the caller was told of; without it
   * only what comes from now on counts.
   */
  sessions: readonly { session: string; cursor?: number | undefined }[];
  /** All of this group instead; until `done` is then reached when all of them are over. */
  group?: string | undefined;
  /** Those of a result before, by folder; for the sessions that come without a cursor of their own. */
  cursors?: Readonly<Record<string, number>> | undefined;
  projectDir?: string | undefined;
  until: WaitUntil;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface WaitResult extends SessionReport {
  changed: boolean;
  /** Everything behind the cursor that is worth telling, oldest first. */
  happened: Happening[];
  leftOut: number;
  /** Hand it to the next call, and nothing is lost between the two. */
  cursor: number;
  /** Of every session, by its folder: hand them all to the next call. */
  cursors: Record<string, number>;
  /** Of a group: how many are done, and what each of the others does or waits for. */
  groupSays?: string[];
}

/**
 * Blocks until a session changes, needs a person or is over, or until the time has passed. Of several sessions it returns one,
 * first one that needs a person; the next call returns what happened in the others meanwhile, because their
 * cursors stay. Holds no state: a call that is cut off loses nothing. Starts nothing: where the worker is gone it
 * returns at once.
 * @throws session_not_found; the signal's reason when aborted
 */
export async function waitForAny(input: WaitForAnyInput, context: ActionContext): Promise<WaitResult> {
  const { told, looks, changed } = await waitedFor(input, context);
  const result = resultOf(told, changed, looks);
  return input.group === undefined ? result : { ...result, groupSays: groupLines(looks) };
}

async function waitedFor(
  input: WaitForAnyInput,
  context: ActionContext,
): Promise<{ told: Look; looks: readonly Look[]; changed: boolean }> {
  const { clock } = context;
  const { until, timeoutMs, signal } = input;
  let watched = await watchedSessions(input, context);
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const looks = await Promise.all(watched.map((each) => lookAt(each, until, context)));
    const left = deadline - clock.monotonic();
    const told = toldFirst(input.group === undefined ? looks : withoutEarlyEnds(looks, until));
    if (told !== undefined) return { told, looks, changed: true };
    const [first] = looks.toSorted(stuckFirst);
    if (left <= 0 && first !== undefined) return { told: first, looks, changed: false };
    await waitForEvents(
      watched.map(({ view }) => ({ paths: view.paths, after: view.state.n })),
      { timeoutMs: Math.min(left, LOOK_AGAIN_MS), clock, signal },
    );
    watched = await Promise.all(looks.map((each) => readAgain(each, context)));
  }
}

interface Watched {
  view: SessionView;
  cursor: number;
  isNew: boolean;
  /** It was told that nothing more comes of it: its cursor is beyond the last event. */
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
    // Two names may mean the same session.
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

interface Look extends Watched {
  report: SessionReport;
  happened: Happening[];
  isReached: boolean;
}

async function lookAt(watched: Watched, until: WaitUntil, context: ActionContext): Promise<Look> {
  const { view, cursor } = watched;
  const report = await reportOn(view, context);
  const happened = await happenedSince(view, cursor);
  return { ...watched, report, happened, isReached: isReached(until, { ...watched, report, happened }) };
}

/** Whoever waits for the end of a group is not told of each that ends before the last. */
function withoutEarlyEnds(looks: readonly Look[], until: WaitUntil): Look[] {
  const areAllOver = looks.every(({ view }) => isOver(view));
  if (until !== 'done' || areAllOver) return [...looks];
  return looks.map((look) => (isOver(look.view) ? { ...look, isReached: false } : look));
}

/** Of several, one that was told of already and only rests must not keep the others from being waited for. */
function toldFirst(looks: readonly Look[]): Look | undefined {
  const reached = looks.filter(({ isReached }) => isReached);
  const news = reached.filter(
    ({ isNew, happened, knowsStuck, view, report }) =>
      isNew || happened.length > 0 || (!knowsStuck && isStuck(view, report)),
  );
  const told = news.length > 0 ? news : reached.length === looks.length ? reached : [];
  return told.toSorted(stuckFirst)[0];
}

function stuckFirst(a: Look, b: Look): number {
  return Number(isStuck(b.view, b.report)) - Number(isStuck(a.view, a.report)) || byUrgency(a.view, b.view);
}

function resultOf(told: Look, changed: boolean, looks: readonly Look[]): WaitResult {
  const cursor = changed ? told.view.state.n : told.cursor;
  const cursors = looks.map(
    (look) => [look.view.folder, nextCursor(look, changed && look === told)] as const,
  );
  const happened = changed ? told.happened : [];
  return {
    ...told.report,
    changed,
    happened: happened.slice(-MAX_HAPPENINGS),
    leftOut: Math.max(0, happened.length - MAX_HAPPENINGS),
    cursor,
    cursors: Object.fromEntries(cursors),
  };
}

/**
 * Of one that does not continue, one number more once that was told: the next event there is that of a new worker,
 * which is not told.
 */
function nextCursor({ view, report, cursor, knowsStuck }: Look, isTold: boolean): number {
  const knows = (isTold || knowsStuck) && isStuck(view, report);
  return (isTold ? view.state.n : cursor) + (knows ? 1 : 0);
}

/** How often a worker that died is noticed. */
const LOOK_AGAIN_MS = 5000;
const MAX_HAPPENINGS = 20;

function isReached(
  until: WaitUntil,
  { view, report, happened, isNew }: Watched & Pick<Look, 'report' | 'happened'>,
): boolean {
  // Nothing more comes of it.
  if (isStuck(view, report)) return true;
  const isHumans = needsHuman(view);
  switch (until) {
    case 'attention':
      return isHumans || isOver(view);
    case 'done':
      return isOver(view) || view.state.status.kind === 'blocked';
    case 'change':
      // The end of an iteration and what follows from it are one change.
      if (view.state.pending !== undefined) return false;
      return happened.length > 0 || (isNew && (isHumans || isOver(view)));
    default:
      return until satisfies never;
  }
}

/** True when nothing happens any more unless somebody resumes the session. */
function isOver(view: SessionView): boolean {
  const { kind } = view.state.status;
  return kind === 'done' || kind === 'stopped';
}

/** `change`: anything worth telling; `attention`: a person is needed or it is over; `done`: it is over. */
export const WAIT_UNTIL = ['change', 'attention', 'done'] as const;
export type WaitUntil = (typeof WAIT_UNTIL)[number];

/** One event in a sentence. Texts of children within it are theirs. */
export interface Happening {
  n: number;
  at: string;
  type: EventType;
  text: string;
  /** As it should be, and to be seen from where the session stands now. */
  isRoutine: boolean;
}

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
  const events = state.n > cursor ? await readEvents(paths, cursor) : [];
  return events.filter(({ n }) => n <= state.n).flatMap(toldOf);
}

function toldOf(event: SessionEvent): Happening[] {
  const text = NOT_TOLD.has(event.type) ? undefined : describeEvent(event);
  if (text === undefined) return [];
  return [{ n: event.n, at: event.at, type: event.type, text, isRoutine: isRoutine(event) }];
}

function isRoutine(event: SessionEvent): boolean {
  if (event.type !== 'iteration_ended' || event.ending !== 'signalled') return false;
  return event.decision.kind === 'run' && event.decision.strike === undefined;
}
