import { credentialNames } from '../providers/credentials.ts';
import { blockedEvent } from './blocked.ts';
import { chooseChild } from './choose-child.ts';
import { record, stateOf, type Worker } from './worker.ts';

/**
 * A session that is brought back by another program has that program's environment. Who pays never changes
 * silently: other credentials block until a person resumes. @returns false when the session was blocked
 */
export async function samePayer(worker: Worker): Promise<boolean> {
  const { paidBy, progress } = stateOf(worker);
  const { provider } = await chooseChild(worker, progress.phase);
  const before = paidBy[provider.name];
  if (before === undefined) return true;
  const now = credentialNames(provider.name, worker.env);
  const gone = before.filter((name) => !now.includes(name));
  const added = now.filter((name) => !before.includes(name));
  if (gone.length === 0 && added.length === 0) return true;
  const parts = [
    ...(gone.length > 0 ? [`not set any more: ${gone.join(', ')}`] : []),
    ...(added.length > 0 ? [`set now: ${added.join(', ')}`] : []),
  ];
  const reason = `The session was brought back where ${provider.name} would use other credentials (${parts.join('; ')}). Resume it from the right environment, or from here if that is meant.`;
  const { phase } = progress;
  await record(worker, blockedEvent({ phase, reason, needs: 'human_decision', rule: 'credentials_changed' }));
  return false;
}
