import type { BlockDecision } from '../phases/decision.ts';
import type { NewEvent } from '../session/events.ts';

/** That a session can't go on until somebody acts, with the line by which its notebook says why. */
export function blockedEvent({ phase, reason, needs, rule }: Omit<BlockDecision, 'kind'>): NewEvent {
  return { type: 'blocked', phase, reason, needs, rule, flow: `Blocked (${needs}): ${reason}` };
}
