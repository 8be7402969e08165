import type { CommandOf } from '../../session/commands.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { stoppedEvent } from '../stopped.ts';
import { stateOf, type Worker } from '../worker.ts';

export function stop(worker: Worker, command: CommandOf<'stop'>): CommandOutcome | Refusal {
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
  return { events: [stoppedEvent(by)] };
}
