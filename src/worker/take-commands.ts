import { type Command, pendingCommandIds, readCommand, removeCommand } from '../session/commands.ts';
import type { NewEvent } from '../session/events.ts';
import { appendPatiently } from './append-patiently.ts';
import { applyCommand } from './apply-command.ts';
import { type CommandOutcome, Refusal } from './command-outcome.ts';
import type { Worker } from './worker.ts';

/** While a child runs, a command could come from it: only what opens nothing is taken then. */
export type Moment = 'idle' | 'child_runs';

const TAKEN_WHILE_CHILD_RUNS: readonly Command['kind'][] = ['stop', 'message'];

/** Commands that share one write to the disk and one look at the notebook. */
const AT_ONCE = 64;

/** Meets every waiting command with exactly one event, oldest first. @returns how many were met */
export async function takeCommands(worker: Worker, moment: Moment): Promise<number> {
  const ids = await pendingCommandIds(worker.paths);
  for (let from = 0; from < ids.length; ) {
    from += await takeSome(worker, ids.slice(from, from + AT_ONCE), moment);
  }
  return ids.length;
}

/** Meets the first commands of `ids`, up to one that has work following it. @returns how many */
async function takeSome(worker: Worker, ids: readonly string[], moment: Moment): Promise<number> {
  const { writer, projector, paths } = worker;
  let met = 0;
  let after: CommandOutcome['after'];
  for (const id of ids) {
    if (after !== undefined) break;
    met += 1;
    // A crash between the event and the removal leaves a command that has its answer.
    if (writer.isAnswered(id)) continue;
    const outcome = await meet(worker, id, moment);
    writer.stage(...outcome.events);
    after = outcome.after;
  }
  await projector.apply(writer.state, await appendPatiently(worker, []));
  await after?.();
  for (const id of ids.slice(0, met)) await removeCommand(paths, id);
  return met;
}

/** What a waiting command comes to; no event is written yet. */
export async function meet(worker: Worker, id: string, moment: Moment): Promise<CommandOutcome> {
  const reading = await readCommand(worker.paths, id);
  if (reading === undefined) return { events: [] };
  if (reading.kind === 'malformed') return { events: [unreadable(id, reading.problem)] };
  const { command } = reading;
  const outcome = await outcomeOf(worker, command, moment);
  if (outcome instanceof Refusal) return { events: [refusal(command, outcome)] };
  const { kind, by } = command;
  return { ...outcome, events: [{ type: 'command_accepted', id, kind, by }, ...outcome.events] };
}

function unreadable(id: string, problem: string): NewEvent {
  const message = `The command file can't be read: ${problem}.`;
  const hint = 'Use the tools or the command line instead of writing command files.';
  return { type: 'command_refused', id, kind: 'unreadable', code: 'bad_command', message, hint };
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
  if (worker.writer.state.archived && command.kind !== 'unarchive') {
    return new Refusal('archived', 'The session is in the archive.', 'Bring it back first with unarchive.');
  }
  return await applyCommand(worker, command);
}

function refusal(command: Command, { code, message, hint }: Refusal): NewEvent {
  return { type: 'command_refused', id: command.id, kind: command.kind, by: command.by, code, message, hint };
}
