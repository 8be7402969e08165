import type { NewEvent } from '../../session/events/events.ts';

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
