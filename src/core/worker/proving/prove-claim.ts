import { once } from '../../kernel/once.ts';
import type { SignalClaim } from '../../kernel/phases/decision.ts';
import { branchTip } from '../core/evidence.ts';
import { stopEvents } from '../core/stopped.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { decideByObstacles } from './obstacle-questions.ts';

/** Judges a claim again after a person's answer, by the branch as it is now. */
export async function proveClaim(worker: Worker, claim: SignalClaim): Promise<void> {
  const { lastIteration } = stateOf(worker);
  const given = { iteration: lastIteration?.iteration ?? 0, askTip: once(() => branchTip(worker)) };
  const judged = await decideByObstacles(worker, given, claim);
  if (judged === undefined) await record(worker, ...stopEvents(worker));
  else await record(worker, ...judged.events, { type: 'judged_again', decision: judged.decision });
}
