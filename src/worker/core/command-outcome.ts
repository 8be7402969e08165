import type { Command, CommandOf } from '../../session/commands/commands.ts';
import type { Refused } from '../../session/commands/judge-kind.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { lastingFailure, patiently } from './passing-errors.ts';
import type { Worker } from './worker.ts';

/** What follows an accepted command once its events are recorded. Done again after a crash, it changes nothing. */
export interface Work {
  after?: () => Promise<void>;
  /** What corrects the state when that work could not be done. */
  undone?: () => Promise<NewEvent[]>;
}

/** What an accepted command comes to: events that are written with its acceptance, and work that follows them. */
export interface CommandOutcome extends Work {
  events: readonly NewEvent[];
}

/** Asks the judge of a kind of command, and says what an accepted one comes to; nothing is written yet. */
export type Handler<K extends Command['kind']> = (
  worker: Worker,
  command: CommandOf<K>,
) => Promise<CommandOutcome | Refused>;

/**
 * Does the work that follows an accepted command. It can't be refused any more, so a failure is reported and does not
 * end the worker. @returns the events that report it; none when all was done
 */
export async function followUp(worker: Worker, { after, undone }: Work): Promise<NewEvent[]> {
  if (after === undefined) return [];
  try {
    await patiently(worker.clock, 'the work of a command not done', after);
    return [];
  } catch (error) {
    const { code, message } = lastingFailure(worker, error, 'ask for it again');
    const text = `A command was accepted, but not all of it could be done. ${message}`;
    const notice: NewEvent = { type: 'notice', code, text, flow: text };
    return [notice, ...((await undone?.()) ?? [])];
  }
}
