import { isSamocodeError } from '../../base/errors.ts';
import { isAtRest } from '../../session/at-rest.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { afterCommand } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { findSession, type SessionQuestion } from '../places/find-session.ts';

export interface StopSessionInput extends SessionQuestion {
  /** `now` ends the child in the middle of its work; what it wrote stays. */
  when: 'after_iteration' | 'now';
}

export interface StopSessionResult {
  view: SessionView;
  /** `stopped`: it has stopped already; `stopping`: its worker has taken the order. */
  outcome: 'stopping' | 'stopped' | 'not_running';
}

/** Stops a session and keeps all that it wrote. @throws the worker's refusal, pending */
export async function stopSession(
  input: StopSessionInput,
  context: ActionContext,
): Promise<StopSessionResult> {
  const view = await findSession(input, context);
  if (isAtRest(view)) return { view, outcome: 'not_running' };
  try {
    const after = await afterCommand(view, { kind: 'stop', when: input.when }, ['stopped', 'done'], context);
    return { view: after.view, outcome: after.view.state.status.kind === 'stopped' ? 'stopped' : 'stopping' };
  } catch (error) {
    // It came to rest between the look and the command: what was wanted is so.
    if (!(isSamocodeError(error) && error.code === 'not_running')) throw error;
    return { view: await findSession(input, context), outcome: 'not_running' };
  }
}
