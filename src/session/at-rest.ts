import type { SessionView } from './events/session-view.ts';

/** Nothing moves any more without a person, and nothing that was asked for is left to do. */
export function isAtRest({ state, pendingCommands }: SessionView): boolean {
  const { status, openIteration, merge } = state;
  if (pendingCommands.length > 0 || merge !== undefined) return false;
  // The agent of an iteration that a block left open may live: a stop ends it.
  if (status.kind === 'blocked') return openIteration === undefined;
  return status.kind === 'stopped' || status.kind === 'done';
}
