import type { ActionContext } from '../../caller/context/context.ts';
import { type Filled, type Form, formAfter, type OpenQuestion } from '../../caller/facts/form.ts';

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

/**
 * Asks, and asks again where a choice needs it: what was chosen counts even if the second form is left.
 * @param read what to ask one who answers in a form; undefined where they may not, or nothing is open
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
  const after = formAfter(form, outcome.filled);
  const more = after && (await ask(after));
  const decision = decide({ ...outcome.filled, ...(more?.kind === 'filled' && more.filled) });
  return decision === undefined ? { kind: 'unanswered' } : { kind: 'decided', decision };
}

/** The context for an act that was chosen in a form: its record names the program that showed the form. */
export function byForm({ actions, shownBy }: { actions: ActionContext; shownBy?: string }): ActionContext {
  return { ...actions, by: { ...actions.by, channel: 'elicitation', ...(shownBy && { client: shownBy }) } };
}
