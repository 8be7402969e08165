import type { Command, CommandOf } from '../../session/commands/commands.ts';
import type { Refused } from '../../session/commands/refused.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Worker } from './worker.ts';

/** The result of an accepted command: events written with its acceptance. Work that follows is part of the state. */
export interface CommandOutcome {
  events: readonly NewEvent[];
}

/** Judges a command of one kind and returns the outcome of an accepted one; writes nothing yet. */
export type Handler<K extends Command['kind']> = (
  worker: Worker,
  command: CommandOf<K>,
) => Promise<CommandOutcome | Refused>;
