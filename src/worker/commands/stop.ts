import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeStop } from '../../session/commands/judge-stop.ts';
import { type Refused, refused } from '../../session/commands/refused.ts';
import { readChildRecord } from '../core/child-record.ts';
import type { CommandOutcome } from '../core/command-outcome.ts';
import { stoppedEvent } from '../core/stopped.ts';
import { endChildTree } from '../core/tree.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';

export async function stop(
  worker: Worker,
  { by, when }: CommandOf<'stop'>,
): Promise<CommandOutcome | Refused> {
  const verdict = judgeStop(stateOf(worker));
  if (verdict.kind === 'refused') return verdict;
  if (verdict.how === 'request') return { events: [{ type: 'stop_requested', by, when }] };
  const { openIteration } = verdict;
  // A stopped session has no agent: what a block left alive ends first.
  const child = openIteration && (await readChildRecord(worker, openIteration.iteration));
  const end = openIteration && (await endChildTree(worker, child, { leftoversOnly: true }));
  if (end?.kind === 'immortal') return refused(WORKER_ERRORS.child_immortal({ pids: end.pids }));
  return { events: [stoppedEvent(by)] };
}
