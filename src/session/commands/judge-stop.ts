import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
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
  merge,
}: Pick<SessionState, 'status' | 'openIteration' | 'merge'>): StopVerdict {
  if (merge !== undefined) return { kind: 'accepted', how: 'request' };
  if (status.kind === 'stopped' || status.kind === 'done')
    return refused(COMMAND_ERRORS.not_running({ status: status.kind }));
  // An iteration that a block left open waits for a person: nothing works there that would meet the wish later.
  const isBeingDone = openIteration !== undefined && status.kind !== 'blocked';
  if (isBeingDone || status.kind === 'starting') return { kind: 'accepted', how: 'request' };
  return { kind: 'accepted', how: 'stop', openIteration };
}
