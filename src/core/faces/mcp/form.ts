import type { ActionContext } from '../../caller/context/context.ts';
import type { Filled, Form, OpenQuestion } from '../../caller/facts/form.ts';

/**
 * `unanswered`: closed, declined, too late, or without a required field; never counts as a no. `not_shown`: the client
 * refused it before a person could see it, as headless clients do.
 */
export type FormOutcome = { kind: 'filled'; filled: Filled } | { kind: 'unanswered' } | { kind: 'not_shown' };

/**
 * Shows a form, and then what its choices ask for more; what was chosen stays if that is left. Gives up before the client's
 * call times out.
 */
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

/**
 * Asks one who answers in a form.
 * @param read what to ask; undefined where they may not, or nothing is open
 */
export async function askInForm<Decision>(
  context: { actions: ActionContext; ask?: Ask; shownBy?: string },
  read: (by: ActionContext) => Promise<OpenQuestion<Decision | undefined> | undefined>,
): Promise<AtGate<Decision>> {
  const { ask } = context;
  const question = ask && (await read(byForm(context)));
  if (ask === undefined || question === undefined) return { kind: 'no_form' };
  const { form, decide } = question;
  const outcome = await ask(form);
  if (outcome.kind === 'not_shown') return { kind: 'no_form', isRefused: true };
  if (outcome.kind === 'unanswered') return outcome;
  const decision = decide(outcome.filled);
  return decision === undefined ? { kind: 'unanswered' } : { kind: 'decided', decision };
}

/** The context for an act that was chosen in a form: its record names the program that showed the form. */
export function byForm({ actions, shownBy }: { actions: ActionContext; shownBy?: string }): ActionContext {
  return { ...actions, by: { ...actions.by, channel: 'elicitation', ...(shownBy && { client: shownBy }) } };
}
