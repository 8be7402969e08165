import { Evidence } from '../state/evidence.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { decideByObstacles } from './obstacle-questions.ts';

/** Judges a claim again after a person's answer, by the branch as it is now. */
export async function proveClaim(worker: Worker): Promise<void> {
  const { lastIteration, claim } = stateOf(worker);
  if (claim === undefined) return;
  const iteration = lastIteration?.iteration ?? 0;
  const judged = await decideByObstacles(new Evidence(worker), { iteration }, claim);
  await record(worker, ...judged.events, { type: 'judged_again', decision: judged.decision });
}
