import { judgeStop } from '../../session/commands/judge-stop.ts';
import { type Refused, refused } from '../../session/commands/refused.ts';
import type { CommandOf } from '../../session/commands.ts';
import type { CommandOutcome } from '../command-outcome.ts';
import { readChildRecord } from '../spawn-child.ts';
import { stoppedEvent } from '../stopped.ts';
import { endChildTree } from '../tree.ts';
import { stateOf, type Worker } from '../worker.ts';

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
  return end?.kind === 'immortal' ? immortal(end.pids) : { events: [stoppedEvent(by)] };
}

function immortal(pids: readonly number[]): Refused {
  return refused('child_immortal', {
    what: 'The session was not stopped.',
    why: `Processes of the agent could not be ended: ${pids.join(', ')}.`,
    hint: 'End them yourself, then stop the session again.',
  });
}
