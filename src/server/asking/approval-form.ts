import type { PlanReport } from '../../actions/gates/read-plan.ts';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { type Form, mayOpenGates } from '../calls/form.ts';
import { cut } from '../calls/session-fields.ts';
import type { ToolContext } from '../calls/tool.ts';

const YES = 'Yes, continue with this plan';
const NO = 'No, change it';
const LATER = 'Not now';

const MOST_PHASES = 12;

/** The plan that waits, as a form: yes, no with what should be different, or not now. */
function approvalForm({ view, name, hash, text, servers }: PlanReport): Form {
  const { phases } = parsePlan(text);
  const steps = phases.slice(0, MOST_PHASES).map((phase) => `${phase.number}. ${cut(phase.name, 100)}`);
  return {
    message: [
      `Should the coding session ${view.folder} continue with its plan ${name} (${hash.slice(0, 12)})?`,
      ...steps,
      ...servers,
    ].join('\n'),
    fields: {
      decision: { title: 'Your decision', choices: [YES, NO, LATER] },
      changes: {
        title: 'What to change',
        description: 'With a no. With a yes, the next agent gets it as a message.',
      },
    },
    required: ['decision'],
  };
}

/**
 * Puts the plan that waits to the user in a form.
 * @returns undefined when none waits, a form may not approve, or it was not answered; with the whole hash of
 * the plan that was shown
 */
export async function askApproval(
  question: SessionQuestion,
  { actions, ask }: ToolContext,
): Promise<{ verdict: Verdict; hash: string } | undefined> {
  if (ask === undefined) return undefined;
  const { readPlan } = await import('../../actions/gates/read-plan.ts');
  const plan = await readPlan(question, actions);
  if (plan.state !== 'waits_for_approval' || !mayOpenGates(plan.view)) return undefined;
  const filled = await ask(approvalForm(plan));
  const verdict = filled && verdictIn(filled);
  return verdict && { verdict, hash: plan.hash };
}

type Verdict =
  /** With words of guidance, or none. */
  { kind: 'yes'; guidance: string } | { kind: 'no'; feedback: string } | { kind: 'later' };

function verdictIn({ decision, changes = '' }: Readonly<Record<string, string>>): Verdict | undefined {
  if (decision === YES) return { kind: 'yes', guidance: changes };
  if (decision === NO) return { kind: 'no', feedback: changes };
  return decision === LATER ? { kind: 'later' } : undefined;
}
