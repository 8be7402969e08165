import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { judgeKind } from '../../session/commands/command-rows.ts';
import {
  type Command,
  pendingCommandIds,
  readCommand,
  removeCommand,
  requestPrint,
} from '../../session/commands/commands.ts';
import { type Refused, refused } from '../../session/commands/refused.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { workNow } from '../../session/events/open-work.ts';
import { type CommandOutcome, type Handler, type Handlers, sessionExtensions } from '../state/extension.ts';
import { recordedSteps } from '../state/interrupts.ts';
import { ifTaken, lastingFailure } from '../state/passing-errors.ts';
import { record, recordIfTaken, stateOf, type Worker } from '../state/worker.ts';
import { archive, discard, merge, rewind, unarchive } from './finish.ts';
import { answer, approve, message, start, stop, takeChangeRequest, withdraw } from './gates-and-running.ts';
import { resume } from './resume.ts';

/** Of the commands that need no extension. */
const HANDLERS: Partial<Handlers> = {
  start,
  answer,
  approve,
  request_changes: takeChangeRequest,
  message,
  withdraw_message: withdraw,
  stop,
  resume,
  archive,
  unarchive,
  merge,
  discard,
  rewind,
};

async function handle(worker: Worker, command: Command): Promise<CommandOutcome | Refused> {
  const { kind } = command;
  const rows = Object.assign({}, HANDLERS, ...sessionExtensions.items.map(({ commands }) => commands));
  // TypeScript cannot relate an entry of the table to the kind of the command.
  const handler: Handler<Command['kind']> | undefined = rows[kind];
  return handler === undefined
    ? refused(COMMAND_ERRORS.no_extension({ kind }))
    : await handler(worker, command);
}

/** While an agent is running, a command could come from it: only commands that open no gate are accepted then. */
type Moment = 'no_agent' | 'agent_runs';

/** Ids of the commands without an event, oldest first; files left over from answered ones are removed. */
export async function waitingCommandIds(worker: Worker): Promise<string[]> {
  const ids = pendingCommandIds(worker.paths);
  const answered = ids.filter((id) => worker.writer.isAnswered(id));
  for (const id of answered) await removeAnswered(worker, id);
  return ids.filter((id) => !answered.includes(id));
}

/**
 * Answers waiting commands, oldest first, each with what it changes as one commit. Commands after one whose work comes
 * next wait for it, because they apply to its result.
 */
export async function takeCommands(worker: Worker, moment: Moment): Promise<void> {
  for (const id of pendingCommandIds(worker.paths)) {
    if (workNow(stateOf(worker)) !== undefined) return;
    await record(worker, ...(await judgeQueued(worker, id, moment)).events);
    await removeAnswered(worker, id);
  }
}

/** `stopsNow`: a stop is still queued, and takes effect on an agent even before its event is on disk. */
interface Meanwhile {
  areLeft: boolean;
  stopsNow: boolean;
}

/**
 * Takes commands while an agent is watched, without waiting for the disk, which would delay the time limit;
 * commands that cannot be recorded now stay queued.
 */
export async function takeCommandsMeanwhile(worker: Worker): Promise<Meanwhile> {
  const left: NewEvent[] = [];
  let areLeft = false;
  for (const id of pendingCommandIds(worker.paths)) {
    const outcome = await ifTaken(judgeQueued(worker, id, 'agent_runs'));
    if (outcome && (await recordIfTaken(worker, ...outcome.events))) {
      await removeAnswered(worker, id);
    } else {
      areLeft = true;
      left.push(...(outcome?.events ?? []));
    }
  }
  return { areLeft, stopsNow: left.some((event) => event.type === 'stop_requested' && event.when === 'now') };
}

/** Removes the file of an answered command. One left over is harmless: its command has an event. */
async function removeAnswered({ paths }: Worker, id: string): Promise<void> {
  await removeCommand(paths, id).catch(() => undefined);
}

/** Judges a queued command; writes no event. A lasting failure refuses it, a temporary one leaves it queued. */
export async function judgeQueued(worker: Worker, id: string, moment: Moment): Promise<CommandOutcome> {
  // A crash between event and removal leaves the file of an answered command.
  const reading = worker.writer.isAnswered(id) ? undefined : await readCommand(worker.paths, id);
  if (reading === undefined) return { events: [] };
  if (reading.kind === 'malformed' || reading.kind === 'newer') {
    const error = reading.kind === 'newer' ? COMMAND_ERRORS.newer_command : COMMAND_ERRORS.bad_command;
    return { events: [refusal({ id, kind: 'unreadable' }, error({ problem: reading.problem }))] };
  }
  if (reading.kind === 'refused') {
    const { by, refused: kind, error } = reading.command;
    return { events: [{ type: 'command_refused', id, kind, by, ...error }] };
  }
  const { command } = reading;
  const outcome = await outcomeOf(worker, command, moment).catch((error) =>
    refused(lastingFailure(worker, error, 'ask for it again')),
  );
  if ('error' in outcome) return { events: [refusal(command, outcome.error)] };
  const { kind, by } = command;
  const accepted = { type: 'command_accepted', id, kind, by, request: requestPrint(command) } as const;
  return { ...outcome, events: [accepted, ...outcome.events] };
}

async function outcomeOf(
  worker: Worker,
  command: Command,
  moment: Moment,
): Promise<CommandOutcome | Refused> {
  return judgeKind(command.kind, worker.writer.state, moment) ?? (await handle(worker, command));
}

function refusal(
  command: Pick<Command, 'id' | 'kind' | 'by'> | { id: string; kind: 'unreadable'; by?: undefined },
  { code, why: message, hint, next }: Refused['error'],
): NewEvent {
  const { id, kind, by } = command;
  return { type: 'command_refused', id, kind, by, code, message, hint, next: recordedSteps(next) };
}
