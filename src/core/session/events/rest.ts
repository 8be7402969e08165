import { workNow } from './open-work.ts';
import type { SessionState, Status } from './state.ts';

type Kind = Status['kind'];

/** Whether it is done or stopped: nothing more happens until it is resumed. */
export function hasEnded(kind: Kind): boolean {
  return kind === 'done' || kind === 'stopped';
}

/** The same, or blocked: as required before it is moved or published. */
export function isAtRest(kind: Kind): boolean {
  return hasEnded(kind) || kind === 'blocked';
}

/** The same, or waiting: services may run for a person, as no agent works. */
export function isLeftToPerson(kind: Kind): boolean {
  return isAtRest(kind) || kind === 'waiting';
}

interface Seen {
  state: SessionState;
  pendingCommands: readonly string[];
  otherBuild?: object;
}

/** Whether it is at rest and no request is pending; unknown after another samocode. */
export function hasNothingPending({ state, pendingCommands, otherBuild }: Seen): boolean {
  const { status, openIteration } = state;
  if (otherBuild !== undefined || pendingCommands.length > 0 || workNow(state) !== undefined) return false;
  // The agent of an iteration left open by a block may still be running: a stop ends it.
  if (status.kind === 'blocked') return openIteration === undefined;
  return hasEnded(status.kind);
}
