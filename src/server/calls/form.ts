import type { ActionContext } from '../../actions/acting/context.ts';
import { closedChannel } from '../../session/commands/judge-kind.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** One of the answers that may be chosen: what comes back, and what the user reads. */
export interface FormChoice {
  value: string;
  title: string;
}

/** One field of a form; always text, because every client shows that. */
export interface FormField {
  title: string;
  description?: string;
  /** What may be chosen; without them any text. */
  choices?: readonly FormChoice[];
  /** What is filled in before the user sees it. */
  default?: string;
}

/** What is put to the user in a form of their client. Texts of agents within it are shown as theirs. */
export interface Form {
  message: string;
  fields: Readonly<Record<string, FormField>>;
  /** Names of the fields that can't be left empty. */
  required?: readonly string[];
}

/** The fields that the user filled in, by name. */
export type Filled = Readonly<Record<string, string>>;

/**
 * What came of a form. `unanswered`: closed, declined, too late, or sent back without what is required; that is never a
 * no. `not_shown`: the client refused it before anybody could have seen it, as headless ones do.
 */
export type FormOutcome = { kind: 'filled'; filled: Filled } | { kind: 'unanswered' } | { kind: 'not_shown' };

/** Shows a form and waits for the user, for less time than the client's call may last. */
export type Ask = (form: Form) => Promise<FormOutcome>;

/**
 * A gate put to the user: what they decided, that they did not, or `no_form` where the call itself has to do, because
 * nothing waits, no form is allowed there, or the client shows none.
 */
export type AtGate<Decision> =
  | { kind: 'decided'; decision: Decision }
  | { kind: 'unanswered' }
  /** `isRefused`: by the client, just now; the next call does not try again. */
  | { kind: 'no_form'; isRefused?: true };

/** Said once, with the first call whose form was refused. */
export const FORMS_REFUSED = ' This client refuses forms, so the user was not asked.';

/** What came of a form that was sent: the decision that was filled in, if it was. */
export function decidedBy<Decision>(
  outcome: FormOutcome,
  read: (filled: Filled) => Decision | undefined,
): AtGate<Decision> {
  if (outcome.kind === 'not_shown') return { kind: 'no_form', isRefused: true };
  const decision = outcome.kind === 'filled' ? read(outcome.filled) : undefined;
  return decision === undefined ? { kind: 'unanswered' } : { kind: 'decided', decision };
}

const BY_FORM = { channel: 'elicitation' } as const;

/** GATE_CHANNELS of the session lets a form answer for the user. */
export function mayOpenGates({ sessionFile }: SessionView): boolean {
  return sessionFile !== undefined && !closedChannel(BY_FORM, sessionFile.settings.gateChannels);
}

/** What was filled in is the user's own act, and is recorded as such. */
export function byForm(actions: ActionContext): ActionContext {
  return { ...actions, by: { ...actions.by, ...BY_FORM } };
}
