import type { SessionState } from '../state.ts';
import { type Refused, refused } from './refused.ts';

export type StopVerdict =
  /** `request`: what is under way meets it. `stop`: nothing is; `openIteration`: its agent is ended first. */
  | { kind: 'accepted'; how: 'request' }
  | { kind: 'accepted'; how: 'stop'; openIteration?: SessionState['openIteration'] }
  | Refused;

/** Whether there is something to stop, and who does that. */
export function judgeStop({
  status,
  openIteration,
}: Pick<SessionState, 'status' | 'openIteration'>): StopVerdict {
  if (status.kind === 'stopped' || status.kind === 'done') {
    const why = `The session is ${status.kind} already.`;
    return refused('not_running', { what: 'Nothing was changed.', why, hint: 'There is nothing to stop.' });
  }
  // An iteration that a block left open waits for a person: nothing works there that would meet the wish later.
  const isBeingDone = openIteration !== undefined && status.kind !== 'blocked';
  if (isBeingDone || status.kind === 'starting') return { kind: 'accepted', how: 'request' };
  return { kind: 'accepted', how: 'stop', openIteration };
}
