import type { ActionContext } from '../../actions/acting/context.ts';
import { closedChannel } from '../../session/commands/judge-kind.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** One field of a form; always text, because every client shows that. */
export interface FormField {
  title: string;
  description?: string;
  /** What may be chosen; without them any text. */
  choices?: readonly string[];
}

/** What is put to the user in a form of their client. Texts of children within it are shown as theirs. */
export interface Form {
  message: string;
  fields: Readonly<Record<string, FormField>>;
  /** Names of the fields that can't be left empty. */
  required?: readonly string[];
}

/**
 * Shows a form and waits for the user, for less time than the client's call may last.
 * @returns the fields that were filled in; undefined when it was not answered: declined, closed, too late, or
 * because the client could not show it. That is never a no.
 */
export type Ask = (form: Form) => Promise<Readonly<Record<string, string>> | undefined>;

const BY_FORM = { channel: 'elicitation' } as const;

/** GATE_CHANNELS of the session lets a form answer for the user. */
export function mayOpenGates({ sessionFile }: SessionView): boolean {
  return sessionFile !== undefined && !closedChannel(BY_FORM, sessionFile.settings.gateChannels);
}

/** What was filled in is the user's own act, and is recorded as such. */
export function byForm(actions: ActionContext): ActionContext {
  return { ...actions, by: { ...actions.by, ...BY_FORM } };
}
