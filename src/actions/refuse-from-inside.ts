import { SamocodeError } from '../base/errors.ts';
import { inheritedVariable } from '../base/inherited-variables.ts';
import { SESSION_MARK } from '../providers/environment.ts';
import type { ActionContext } from './context.ts';

class InsideSessionError extends SamocodeError {
  readonly code = 'inside_session';

  constructor() {
    super(
      'Nothing was changed.',
      'This program was started from inside a samocode session, where only reading is allowed.',
      'To tell the human something, write it to _signal.json.',
    );
  }
}

/** A child must not act as its own human. @throws InsideSessionError */
export async function refuseFromInside(context: Pick<ActionContext, 'env' | 'host'>): Promise<void> {
  if (await isInsideSession(context)) throw new InsideSessionError();
}

/** True when our mark stands in this process's own environment or in an ancestor's. */
export async function isInsideSession(context: Pick<ActionContext, 'env' | 'host'>): Promise<boolean> {
  if (context.env[SESSION_MARK]) return true;
  return (await inheritedVariable(context.host, [SESSION_MARK])) !== undefined;
}
