import { type Command, pendingCommandIds, readCommand, removeCommand } from '../session/commands.ts';
import { readEvents } from '../session/event-log.ts';
import type { NewEvent } from '../session/events.ts';
import { applyCommand } from './apply-command.ts';
import { type CommandOutcome, Refusal } from './command-outcome.ts';
import { record, stateOf, type Worker } from './worker.ts';

/** While a child runs, a command could come from it: only what opens nothing is taken then. */
export type Moment = 'idle' | 'child_runs';

const TAKEN_WHILE_CHILD_RUNS: readonly Command['kind'][] = ['stop', 'message'];

/** Meets every waiting command with exactly one event, oldest first. @returns how many were met */
export async function takeCommands(worker: Worker, moment: Moment): Promise<number> {
  const ids = await pendingCommandIds(worker.paths);
  for (const id of ids) {
    // A crash between the event and the removal leaves a command that has its answer.
    if (!(await isAnswered(worker, id))) await meet(worker, id, moment);
    await removeCommand(worker.paths, id);
  }
  return ids.length;
}

async function isAnswered(worker: Worker, id: string): Promise<boolean> {
  const { answeredCommands } = stateOf(worker);
  if (answeredCommands.includes(id)) return true;
  const oldest = answeredCommands[0];
  // ULIDs sort by time: one newer than all that are remembered can't have been answered and forgotten.
  if (oldest === undefined || answeredCommands.every((known) => known < id)) return false;
  const events = await readEvents(worker.paths.events, 0);
  return events.some(
    (event) => (event.type === 'command_accepted' || event.type === 'command_refused') && event.id === id,
  );
}

async function meet(worker: Worker, id: string, moment: Moment): Promise<void> {
  const reading = await readCommand(worker.paths, id);
  if (reading === undefined) return;
  if (reading.kind === 'malformed') {
    const message = `The command file can't be read: ${reading.problem}.`;
    const hint = 'Use the tools or the command line instead of writing command files.';
    await record(worker, {
      type: 'command_refused',
      id,
      kind: 'unreadable',
      code: 'bad_command',
      message,
      hint,
    });
    return;
  }
  const { command } = reading;
  const outcome = await outcomeOf(worker, command, moment);
  if (outcome instanceof Refusal) {
    await record(worker, refusal(command, outcome));
    return;
  }
  const { id: commandId, kind, by } = command;
  await record(worker, { type: 'command_accepted', id: commandId, kind, by }, ...outcome.events);
  await outcome.after?.();
}

async function outcomeOf(
  worker: Worker,
  command: Command,
  moment: Moment,
): Promise<CommandOutcome | Refusal> {
  if (moment === 'child_runs' && !TAKEN_WHILE_CHILD_RUNS.includes(command.kind)) {
    return new Refusal(
      'child_runs',
      "It waits for the iteration's end: while a child runs only stop and message are taken.",
      'Call wait, then try again.',
    );
  }
  return await applyCommand(worker, command);
}

function refusal(command: Command, { code, message, hint }: Refusal): NewEvent {
  return { type: 'command_refused', id: command.id, kind: command.kind, by: command.by, code, message, hint };
}
