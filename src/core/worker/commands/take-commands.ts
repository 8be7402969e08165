import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import {
  type Command,
  pendingCommandIds,
  readCommand,
  removeCommand,
} from '../../session/commands/commands.ts';
import { judgeKind, type Refused, refused } from '../../session/commands/judge-kind.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { workNow } from '../../session/events/open-work.ts';
import { recordedSteps } from '../core/blocked.ts';
import type { CommandOutcome, Handler } from '../core/command-outcome.ts';
import { ifTaken, lastingFailure } from '../core/passing-errors.ts';
import { type Handlers, sessionExtensions } from '../core/session-extension.ts';
import { appendPatiently, type Worker } from '../core/worker.ts';
import { archive, discard, merge, rewind, unarchive } from './finish.ts';
import { answer, approve, takeChangeRequest } from './gate-commands.ts';
import { resume } from './resume.ts';
import { message, start, stop } from './running.ts';

/** Of the commands that need no extension. */
const HANDLERS: Partial<Handlers> = {
  start,
  answer,
  approve,
  request_changes: takeChangeRequest,
  message,
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
type Moment = 'no_child' | 'child_runs';

/** The number of commands that share one write to disk and one read of the overview. */
const AT_ONCE = 64;

/** Ids of the commands without an event, oldest first; files left over from answered ones are removed. */
export async function waitingCommandIds(worker: Worker): Promise<string[]> {
  const ids = pendingCommandIds(worker.paths);
  const answered = ids.filter((id) => worker.writer.isAnswered(id));
  if (answered.length > 0) {
    await writeStaged(worker);
    await removeAnswered(worker, answered);
  }
  return ids.filter((id) => !answered.includes(id));
}

/**
 * Answers waiting commands with one event each, oldest first. Commands after one whose work comes next wait for it,
 * because they apply to its result.
 * @returns how many were answered
 */
export async function takeCommands(worker: Worker, moment: Moment): Promise<number> {
  const ids = pendingCommandIds(worker.paths);
  let answered = 0;
  while (answered < ids.length && workNow(worker.writer.state) === undefined) {
    answered += await answerBatch(worker, ids.slice(answered, answered + AT_ONCE), moment);
  }
  return answered;
}

/** Answers the first commands of `ids`, up to one whose work comes next. @returns how many */
async function answerBatch(worker: Worker, ids: readonly string[], moment: Moment): Promise<number> {
  const { writer } = worker;
  let answered = 0;
  for (const id of ids) {
    if (workNow(writer.state) !== undefined) break;
    answered += 1;
    // A crash between event and removal leaves the file of an answered command.
    if (writer.isAnswered(id)) continue;
    writer.stage(...(await judgeQueued(worker, id, moment)).events);
  }
  await writeStaged(worker);
  await removeAnswered(worker, ids.slice(0, answered));
  return answered;
}

/**
 * Takes commands while an agent is watched, without waiting for the disk, which would delay the time limit;
 * commands that cannot be recorded now stay queued. A stop takes effect at once, even before its event is on disk.
 * @returns false when a command was not taken
 */
export async function takeCommandsMeanwhile(worker: Worker): Promise<boolean> {
  const { writer, projector, paths } = worker;
  const ids = pendingCommandIds(paths);
  const answered: string[] = [];
  for (const id of ids) {
    if (!writer.isAnswered(id)) {
      const outcome = await ifTaken(judgeQueued(worker, id, 'child_runs'));
      if (outcome === undefined) continue;
      writer.stage(...outcome.events);
    }
    answered.push(id);
  }
  if (answered.length === 0) return ids.length === 0;
  const written = await ifTaken(writer.append());
  if (written === undefined) return false;
  await projector.apply(writer.state, written);
  await removeAnswered(worker, answered);
  return answered.length === ids.length;
}

async function writeStaged(worker: Worker): Promise<void> {
  await worker.projector.apply(worker.writer.state, await appendPatiently(worker, []));
}

/** Removes the files of answered commands. A file left over is harmless: its command has an event. */
async function removeAnswered(worker: Worker, ids: readonly string[]): Promise<void> {
  for (const id of ids) await removeCommand(worker.paths, id).catch(() => undefined);
}

/** Judges a queued command; writes no event. A lasting failure refuses it, a temporary one leaves it queued. */
export async function judgeQueued(worker: Worker, id: string, moment: Moment): Promise<CommandOutcome> {
  const reading = await readCommand(worker.paths, id);
  if (reading === undefined) return { events: [] };
  if (reading.kind === 'malformed' || reading.kind === 'newer') {
    const error = reading.kind === 'newer' ? COMMAND_ERRORS.newer_command : COMMAND_ERRORS.bad_command;
    return { events: [refusal({ id, kind: 'unreadable' }, error({ problem: reading.problem }))] };
  }
  const { command } = reading;
  const outcome = await outcomeOf(worker, command, moment).catch((error) =>
    refused(lastingFailure(worker, error, 'ask for it again')),
  );
  if ('error' in outcome) return { events: [refusal(command, outcome.error)] };
  const { kind, by } = command;
  return { ...outcome, events: [{ type: 'command_accepted', id, kind, by }, ...outcome.events] };
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
