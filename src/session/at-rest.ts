import type { SessionView } from './status.ts';

/** Nothing moves any more without a person, and nothing that was asked for is left to do. */
export function isAtRest({ state, pendingCommands }: SessionView): boolean {
  const { status, openIteration } = state;
  const rests = status.kind === 'blocked' || status.kind === 'stopped' || status.kind === 'done';
  return rests && openIteration === undefined && pendingCommands.length === 0;
}
