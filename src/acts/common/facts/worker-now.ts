import type { SessionView } from '../../../session/events/session-view.ts';
import { isAtRest } from '../../../session/status.ts';

export type WorkerNow = 'none needed' | 'starting' | 'working' | 'gone';

export interface WorkerReport {
  worker: WorkerNow;
  /** Its workers end again and again, so that none is started any more before a person has seen why. */
  isDying: boolean;
  /** Why nothing here watches a session that waits, is limited or queued, as a sentence. */
  unwatched?: string | undefined;
}

/** Whoever starts a worker or a supervisor waits so long for it. */
export const STARTING_MS = 15_000;

interface WorkerFacts {
  /** Since the last command was left that no worker has taken; infinite without one. */
  ageMs: number;
  /** A supervisor starts its next worker. */
  isContinued: boolean;
  isDying: boolean;
}

const NO_FACTS: WorkerFacts = { ageMs: Number.POSITIVE_INFINITY, isContinued: false, isDying: false };

export function workerNow(view: SessionView, { ageMs, isContinued, isDying } = NO_FACTS): WorkerNow {
  // A worker that has nothing left to do is about to leave.
  if (view.worker === 'alive') return isAtRest(view) ? 'none needed' : 'working';
  if (view.isUnseen) return 'gone';
  // On another machine or in another container, and it shows signs of life.
  if (view.worker === 'unknowable') return 'working';
  if (!view.needsWorker) return 'none needed';
  if (ageMs < STARTING_MS) return 'starting';
  return isContinued && !isDying ? 'starting' : 'gone';
}

/** True when nothing happens in it any more before a person acts on it, though it is not over. */
export function isStuck({ state: { status } }: SessionView, { worker, unwatched }: WorkerReport): boolean {
  return (
    worker === 'gone' || (unwatched !== undefined && (status.kind === 'limited' || status.kind === 'queued'))
  );
}
