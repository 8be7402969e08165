import { inheritedVariable } from '../../kernel/processes/inherited-variables.ts';
import { SESSION_MARK } from '../../sandbox/programs/marks.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import type { ActionContext } from './context.ts';

/** An agent must not act in its user's place. */
export async function refuseFromInside(context: Pick<ActionContext, 'env' | 'host'>): Promise<void> {
  if (await isInsideSession(context)) throw ACTION_ERRORS.inside_session();
}

/** Whether the environment of this process, or of an ancestor, carries a session's marker. */
export async function isInsideSession(context: Pick<ActionContext, 'env' | 'host'>): Promise<boolean> {
  if (context.env[SESSION_MARK]) return true;
  return (await inheritedVariable(context.host, [SESSION_MARK])) !== undefined;
}
