import { afterFailedChecks, afterImpossibleChecks, afterUnreadMessages } from '../../phases/after-checks.ts';
import { decide } from '../../phases/decide.ts';
import type { Decision } from '../../phases/decision.ts';
import type { Outcome, Rules } from '../../phases/outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { patienceOf } from '../limits/outage-end.ts';
import { runChecks } from './run-checks.ts';

/**
 * The decision about an outcome. One to be done holds only when the project's own checks pass and no message of a person
 * is left unread, also none that comes while they run. @returns undefined when they were stopped
 */
export async function decideChecked(worker: Worker, outcome: Outcome): Promise<Decision | undefined> {
  const { progress } = stateOf(worker);
  const decision = decide(progress, outcome, rulesOf(worker));
  if (decision.kind !== 'done') return decision;
  if (hasUnread(worker)) return afterUnreadMessages(progress);
  const end = await runChecks(worker);
  if (end.kind === 'stopped') return undefined;
  if (end.kind === 'impossible') return afterImpossibleChecks(progress, end.reason);
  if (end.failures.length > 0) return afterFailedChecks(progress, end.failures);
  return hasUnread(worker) ? afterUnreadMessages(progress) : decision;
}

function hasUnread(worker: Worker): boolean {
  return stateOf(worker).messages.waiting.length > 0;
}

function rulesOf({ file: { settings } }: Worker): Rules {
  // A plan always parks; a gate that is left open is opened there, on record, as the person's choice.
  const gates = { qa: settings.gates.includes('qa'), plan: true };
  return { gates, maxRetries: settings.maxRetries, patience: patienceOf(settings) };
}
