import { credentialChange } from '../../providers/starting/credentials.ts';
import { blockedEvent } from '../core/blocked.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { chooseChild } from './choose-child.ts';

/**
 * A session that another program continues has that program's environment. Who pays never changes
 * silently: other credentials block until a person resumes. @returns false when the session was blocked
 */
export async function samePayer(worker: Worker): Promise<boolean> {
  const { paidBy, progress } = stateOf(worker);
  const { provider } = await chooseChild(worker, progress.phase);
  const before = paidBy[provider.name];
  if (before === undefined) return true;
  const change = credentialChange(provider.name, before, worker.env);
  if (change === undefined) return true;
  const reason = `The worker that continued the session was started where ${provider.name} would use other credentials (${change}). Resume it from the right environment, or from here if you want that.`;
  const { phase } = progress;
  await record(worker, blockedEvent({ phase, reason, needs: 'human_decision', rule: 'credentials_changed' }));
  return false;
}
