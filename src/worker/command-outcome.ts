import type { Refused } from '../session/commands/refused.ts';
import type { NewEvent } from '../session/events.ts';

/** What a command comes to: events that are written with its acceptance, and work that follows them. */
export interface CommandOutcome {
  events: readonly NewEvent[];
  after?: () => Promise<void>;
  /** What puts the state right when that work could not be done. */
  undone?: () => Promise<NewEvent[]>;
}

/** A no, in words for whoever asked. */
export class Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    this.code = code;
    this.message = message;
    this.hint = hint;
  }
}

/** What a judge said, for the event. */
export function refusalOf({ code, why, hint = 'Look with get_status.' }: Refused): Refusal {
  return new Refusal(code, why, hint);
}
