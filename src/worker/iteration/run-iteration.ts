import { BASE_ERRORS } from '../../base/base-errors.ts';
import { PROVIDER_ERRORS } from '../../providers/contract/provider-errors.ts';
import type { ChildRecord } from '../../providers/starting/run-child.ts';
import { readChildRecord } from '../core/child-record.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { type Iteration, iterationOf } from '../core/iteration-files.ts';
import { endChildIfUnseen } from '../core/lost-lease.ts';
import { endChildTree, isAlive } from '../core/tree.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { ChildLog } from '../limits/child-log.ts';
import { beginIteration } from './begin-iteration.ts';
import { endChild } from './end-child.ts';
import { finishIteration } from './finish-iteration.ts';
import { spawnChild } from './spawn-child.ts';
import { watchChild } from './watch-child.ts';

/** Runs one iteration from wherever it stands: a fresh one, or one that an earlier worker left open. */
export async function runIteration(worker: Worker): Promise<void> {
  const left = stateOf(worker).openIteration;
  const open = iterationOf(worker, left ?? (await beginIteration(worker)));
  const recorded = left && (await readChildRecord(worker, open.iteration));
  // A record that was taken away must not let a second child run beside the first.
  if (left && !recorded) await endChildTree(worker, undefined, { leftoversOnly: true });
  const child = recorded ?? (await startOrFinish(worker, open));
  if (child === undefined) return;
  const isOurs = recorded === undefined;
  const wasSeen = isOurs || (await isAlive(worker, child));
  try {
    await watchAndFinish(worker, open, { child, isOurs, wasSeen });
  } catch (error) {
    if (BASE_ERRORS.lease_lost.is(error)) await endChildIfUnseen(worker, open, child);
    throw error;
  }
}

async function watchAndFinish(
  worker: Worker,
  open: Iteration,
  { child, isOurs, wasSeen }: { child: ChildRecord; isOurs: boolean; wasSeen: boolean },
): Promise<void> {
  using log = new ChildLog(open.logs.stdout, open.cli);
  const { known, ...watched } = await watchChild(worker, open, child, log);
  // A child may have come and gone between two looks: its group is known by the wrapper that leads it. The group
  // of a wrapper that this worker never saw alive may be that of strangers, who were given the number since.
  const seen = wasSeen ? [child.wrapper, ...known] : known;
  const ended = await endChild(worker, open, { child, isOurs, end: watched.end, known: seen });
  if (ended === undefined) return;
  log.readToEnd();
  await finishIteration(worker, open, { ...ended, awakeMs: watched.awakeMs, child, log });
}

async function startOrFinish(worker: Worker, open: Iteration): Promise<ChildRecord | undefined> {
  await joinEnvironment(worker);
  try {
    return await spawnChild(worker, open);
  } catch (error) {
    if (!PROVIDER_ERRORS.child_not_started.is(error)) throw error;
    await finishIteration(worker, open, { end: 'not_started', awakeMs: 0, problem: error.why });
    return undefined;
  }
}
