import type { Command, CommandOf } from '../../session/commands/commands.ts';
import type { Refused } from '../../session/commands/judge-kind.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { lastingFailure, patiently } from './passing-errors.ts';
import type { Worker } from './worker.ts';

/** The work that follows an accepted command once its events are recorded; safe to repeat after a crash. */
export interface Work {
  after?: () => Promise<void>;
  /** Returns the events that correct the state when the work failed. */
  undone?: () => Promise<NewEvent[]>;
}

/** The result of an accepted command: events written with its acceptance, and the work that follows. */
export interface CommandOutcome extends Work {
  events: readonly NewEvent[];
}

/** Judges a command of one kind and returns the outcome of an accepted one; writes nothing yet. */
export type Handler<K extends Command['kind']> = (
  worker: Worker,
  command: CommandOf<K>,
) => Promise<CommandOutcome | Refused>;

/**
 * Does the work that follows an accepted command. The command can no longer be refused, so a failure is only reported.
 * @returns the events that report the failure; none on success
 */
export async function followUp(worker: Worker, { after, undone }: Work): Promise<NewEvent[]> {
  if (after === undefined) return [];
  try {
    await patiently(worker.clock, 'the work of an accepted command not done', after);
    return [];
  } catch (error) {
    const { code, message } = lastingFailure(worker, error, 'ask for it again');
    const text = `A command was accepted, but not all of it could be done. ${message}`;
    const notice: NewEvent = { type: 'notice', code, text, flow: text };
    return [notice, ...((await undone?.()) ?? [])];
  }
}
