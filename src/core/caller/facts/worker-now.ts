import { hasNothingPending } from '../../session/events/rest.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

export type WorkerNow = 'none needed' | 'starting' | 'working' | 'gone';

export interface WorkerReport {
  worker: WorkerNow;
  /** The session's workers die repeatedly, so no more are started until a person acts. */
  isDying: boolean;
  /** A sentence: why no supervisor here watches a waiting, limited or queued session, or the disk is full. */
  unwatched?: string;
}

export const STARTING_MS = 15_000;

interface WorkerFacts {
  /** Age of the newest command that no worker has taken; infinite if there is none. */
  ageMs: number;
  /** Whether a supervisor will start the session's next worker. */
  isContinued: boolean;
  isDying: boolean;
}

const NO_FACTS: WorkerFacts = { ageMs: Number.POSITIVE_INFINITY, isContinued: false, isDying: false };

export function workerNow(view: SessionView, { ageMs, isContinued, isDying } = NO_FACTS): WorkerNow {
  // An idle worker is about to exit.
  if (view.worker === 'alive') return hasNothingPending(view) ? 'none needed' : 'working';
  if (view.isUnseen) return 'gone';
  // The worker is on another machine or in another container, and has not released the session.
  if (view.worker === 'unknowable')
    return view.sessionFile?.pool && !view.wantsWorker ? 'none needed' : 'working';
  if (!view.needsWorker) return 'none needed';
  if (ageMs < STARTING_MS) return 'starting';
  return isContinued && !isDying ? 'starting' : 'gone';
}

/** True if the session should continue on its own, but cannot until a person acts. */
export function needsRescue(
  { state: { status } }: SessionView,
  { worker, unwatched }: WorkerReport,
): boolean {
  return (
    worker === 'gone' || (unwatched !== undefined && (status.kind === 'limited' || status.kind === 'queued'))
  );
}
