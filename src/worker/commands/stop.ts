import type { CommandOf } from '../../session/commands.ts';
import type { OpenIteration } from '../../session/state.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { readChildRecord } from '../spawn-child.ts';
import { stoppedEvent } from '../stopped.ts';
import { endChildTree } from '../tree.ts';
import { stateOf, type Worker } from '../worker.ts';

export async function stop(worker: Worker, command: CommandOf<'stop'>): Promise<CommandOutcome | Refusal> {
  const { status, openIteration } = stateOf(worker);
  const { by, when } = command;
  if (status.kind === 'stopped' || status.kind === 'done') {
    return new Refusal('not_running', `The session is ${status.kind} already.`, 'There is nothing to stop.');
  }
  // An iteration that a block left open waits for a person: nothing works there that would meet the wish later.
  const isBeingDone = openIteration !== undefined && status.kind !== 'blocked';
  if (isBeingDone || status.kind === 'starting') {
    return { events: [{ type: 'stop_requested', by, when }] };
  }
  const left = openIteration && (await endChildOf(worker, openIteration));
  return left ?? { events: [stoppedEvent(by)] };
}

/** A stopped session has no child: what a block left alive ends first. */
async function endChildOf(worker: Worker, { iteration }: OpenIteration): Promise<Refusal | undefined> {
  const child = await readChildRecord(worker, iteration);
  const end = await endChildTree(worker, child, { leftoversOnly: true });
  if (end.kind === 'empty') return undefined;
  const message = `Processes of the agent could not be ended: ${end.pids.join(', ')}.`;
  return new Refusal('child_immortal', message, 'End them yourself, then stop the session again.');
}
