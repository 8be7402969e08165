import type { PlanBrief } from '../../actions/gates/plan-brief.ts';
import type { PlanReport } from '../../actions/gates/read-plan.ts';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import { isHashOf } from '../../session/documents/plan.ts';
import { type AtGate, decidedBy, type Filled, type Form, mayOpenGates } from '../calls/form.ts';
import { cut } from '../calls/session-fields.ts';
import type { ToolContext } from '../calls/tool.ts';

/** What the user says of a plan. `guidance` and `feedback` are their words, or empty. */
export type PlanDecision =
  | { kind: 'approve'; hash: string; guidance: string }
  | { kind: 'changes'; feedback: string }
  | { kind: 'read' }
  | { kind: 'later' };

const DECISIONS = {
  approve: 'Approve it: the work starts',
  changes: 'Ask for changes (write them below)',
  read: 'Read the whole plan first',
  later: 'Decide later',
} as const;

/**
 * Puts the plan that waits to the user in a form.
 * @param hash of the plan that the call is about, if it names one: another one is refused before anybody is asked
 */
export async function askApproval(
  { hash, ...question }: SessionQuestion & { hash?: string | undefined },
  { actions, ask }: ToolContext,
): Promise<AtGate<PlanDecision>> {
  if (ask === undefined) return { kind: 'no_form' };
  const [{ readPlan }, { planBrief }] = await Promise.all([
    import('../../actions/gates/read-plan.ts'),
    import('../../actions/gates/plan-brief.ts'),
  ]);
  const plan = await readPlan({ ...question, isAct: true }, actions);
  const isMeant = hash === undefined || isHashOf(hash, plan.hash);
  if (plan.state !== 'waits_for_approval' || !isMeant || !mayOpenGates(plan.view)) return { kind: 'no_form' };
  const outcome = await ask(approvalForm(plan, await planBrief(plan)));
  return decidedBy(outcome, (filled) => verdictIn(filled, plan.hash));
}

function approvalForm({ view, name, hash, servers }: PlanReport, { phases, beforeDone }: PlanBrief): Form {
  return {
    // Claude Code shows four lines: what is started and what is checked come before the phases.
    message: [
      `The plan of ${view.folder} waits for you: ${name} (${hash.slice(0, 12)})`,
      ...servers,
      cut(beforeDone, 400),
      ...phases.map((phase) => cut(phase, 160)),
    ].join('\n'),
    fields: {
      decision: {
        title: 'Decision',
        choices: Object.entries(DECISIONS).map(([value, title]) => ({ value, title })),
      },
      changes: {
        title: 'Your words',
        description: 'What to change; with an approval, a message to the next agent.',
      },
    },
    required: ['decision'],
  };
}

function verdictIn({ decision, changes = '' }: Filled, hash: string): PlanDecision {
  switch (decision) {
    case 'approve':
      return { kind: 'approve', hash, guidance: changes };
    case 'changes':
      return { kind: 'changes', feedback: changes };
    case 'read':
      return { kind: 'read' };
    default:
      return { kind: 'later' };
  }
}
