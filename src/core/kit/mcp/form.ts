import type { ActionContext } from '../../caller/context/context.ts';
import { closedChannel } from '../../session/commands/judge-kind.ts';
import type { SessionView } from '../../session/events/session-view.ts';

export interface FormChoice {
  value: string;
  title: string;
}

/** Always a text field, because every client supports it. */
export interface FormField {
  title: string;
  description?: string;
  /** Absent if any text is allowed. */
  choices?: readonly FormChoice[];
  default?: string;
}

/** A form shown by the user's client. Text written by an agent is marked as such. */
export interface Form {
  message: string;
  fields: Readonly<Record<string, FormField>>;
  /** Names of the fields that can't be left empty. */
  required?: readonly string[];
}

export type Filled = Readonly<Record<string, string>>;

/**
 * `unanswered`: closed, declined, too late, or without a required field; never counts as a no. `not_shown`: the client
 * refused it before a person could see it, as headless clients do.
 */
export type FormOutcome = { kind: 'filled'; filled: Filled } | { kind: 'unanswered' } | { kind: 'not_shown' };

/** Shows a form and waits for the user, but gives up before the client's call times out. */
export type Ask = (form: Form) => Promise<FormOutcome>;

/**
 * The outcome of asking the user at a gate. `no_form`: nothing is waiting, forms are not allowed there, or the client has
 * none, so only the call's own arguments count.
 */
export type AtGate<Decision> =
  | { kind: 'decided'; decision: Decision }
  | { kind: 'unanswered' }
  /** `isRefused`: the client has just refused the form; later calls do not try again. */
  | { kind: 'no_form'; isRefused?: true };

/** Appended to the result of the first call whose form was refused. */
export const FORMS_REFUSED = ' This client refuses forms, so the user was not asked.';

export function decidedBy<Decision>(
  outcome: FormOutcome,
  read: (filled: Filled) => Decision | undefined,
): AtGate<Decision> {
  if (outcome.kind === 'not_shown') return { kind: 'no_form', isRefused: true };
  const decision = outcome.kind === 'filled' ? read(outcome.filled) : undefined;
  return decision === undefined ? { kind: 'unanswered' } : { kind: 'decided', decision };
}

export const BY_FORM = { channel: 'elicitation' } as const;

/** Whether the session's GATE_CHANNELS accepts answers from a form. */
export function mayOpenGates({ sessionFile }: SessionView): boolean {
  return sessionFile !== undefined && !closedChannel(BY_FORM, sessionFile.settings);
}

/** The context for an act that was chosen in a form: its record names the program that showed the form. */
export function byForm({ actions, shownBy }: { actions: ActionContext; shownBy?: string }): ActionContext {
  return { ...actions, by: { ...actions.by, ...BY_FORM, ...(shownBy && { client: shownBy }) } };
}
