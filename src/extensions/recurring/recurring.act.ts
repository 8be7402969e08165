import type { ActionContext } from '../../core/caller/context/context.ts';
import type { Recurring, RecurringLimits, RecurringReport, RecurringWork } from './recurring.ts';

export interface NewRecurring {
  /** `mon-fri 02:00`, `sun,wed 02:00,14:00 Europe/Berlin`, or the event `ci-failed`. */
  when: { schedule: string } | { on: 'ci-failed' };
  work: RecurringWork;
  /** Derived from the work if absent. */
  name?: string;
  /** The folder or `.samocode`, as in `ProjectQuestion`. */
  project?: string;
  choices?: Recurring['choices'];
  limits?: RecurringLimits;
  /** Six hours by default. */
  catchUpMs?: number;
  overlap?: boolean;
}

/** `which`: a name, or an id or its beginning. */
export interface RecurringQuestion {
  which: string;
}

/** Validates and records a recurring session of a person; the supervisor starts its runs. */
export declare function addRecurring(input: NewRecurring, context: ActionContext): Promise<RecurringReport>;

export declare function pauseRecurring(
  question: RecurringQuestion & { why?: string },
  context: ActionContext,
): Promise<RecurringReport>;

/** Ends a pause, also one by the supervisor, whose count of failures begins again. */
export declare function resumeRecurring(
  question: RecurringQuestion & { limits?: RecurringLimits },
  context: ActionContext,
): Promise<RecurringReport>;

/** Removes the definition and its results; its sessions stay. */
export declare function removeRecurring(
  question: RecurringQuestion,
  context: ActionContext,
): Promise<RecurringReport>;

/** All recurring sessions of this machine, by name. @param options.next how many of the next times to compute */
export declare function readAllRecurring(
  options: { next?: number },
  context: Pick<ActionContext, 'home' | 'clock'>,
): Promise<RecurringReport[]>;
