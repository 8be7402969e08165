import { join } from 'node:path';
import { gateRuleOf, readOnlyReason } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import type { Filled, Form, FormChoice, OpenQuestion } from '../../caller/facts/form.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import { cut } from '../../kernel/text.ts';
import { judgeApprove } from '../../session/commands/judge-gates.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { chatInForm } from './questions-form.ts';
import { type PlanReport, planBrief, readPlan } from './read-plan.act.ts';

/** What a person decides about a plan. `feedback` is their text, empty if they gave none. */
export type PlanDecision = PlanAct | { kind: 'read' | 'comment' | 'edit' | 'later' };
export type PlanAct = { kind: 'approve'; hash: string } | { kind: 'changes'; feedback: string };

/** A separate form: a text field takes what is typed for something else. */
export const CHANGES_FORM: Form = {
  message: 'What should be different in the plan?',
  fields: { changes: { title: 'Changes' } },
};

const PLAN_CHOICES = [
  { value: 'read', title: 'Read the whole plan first', decidesNothing: true },
  { value: 'approve', title: 'Approve it: the work starts', button: 'Approve the plan' },
  { value: 'changes', title: 'Ask for changes', button: 'Request changes', more: CHANGES_FORM },
  { value: 'comment', title: 'Write comments on it in your editor', isForTerminal: true },
  { value: 'edit', title: 'Edit it yourself', isForTerminal: true },
  { value: 'later', title: 'Decide later', decidesNothing: true },
] as const satisfies readonly FormChoice[];

/** What a page and a phone offer. */
export const PLAN_BUTTONS = PLAN_CHOICES.flatMap((each) =>
  'button' in each ? [{ text: each.button, choice: each.value }] : [],
);

/** @param hash of the plan that was shown: an approval is of that text only */
export function planDecision(hash: string, { decision, changes: feedback = '' }: Filled): PlanDecision {
  const kind = PLAN_CHOICES.find(({ value }) => value === decision)?.value ?? 'later';
  if (kind === 'approve') return { kind, hash };
  return kind === 'changes' ? { kind, feedback } : { kind };
}

/**
 * The question about the plan that waits; undefined where an approval by this person would be refused.
 * @param hash of the plan that is meant, if one is
 */
export async function askedAboutPlan(
  { hash, ...question }: SessionQuestion & { hash: string | undefined },
  context: ActionContext,
): Promise<OpenQuestion<PlanDecision> | undefined> {
  const plan = await readPlan({ ...question, isAct: true }, context);
  const refused = refusedApproval(plan, hash ?? plan.hash, context);
  return refused || readOnlyReason(plan.view) ? undefined : planQuestion(plan);
}

/** Why this person may not approve the plan of that hash now; undefined if they may. */
export function refusedApproval(
  plan: PlanReport,
  hash: string,
  { by }: Pick<ActionContext, 'by'>,
): SamocodeError | undefined {
  const { view, state } = plan;
  const facts = { plan: state === 'waits_for_approval' ? plan : undefined, ...gateRuleOf(view) };
  const verdict = judgeApprove({ hash, by }, view.state, facts);
  return verdict.kind === 'refused' ? verdict.error : undefined;
}

export function planQuestion(plan: PlanReport): OpenQuestion<PlanDecision> {
  const { view, name, hash, servers, warnings, remarks, fromChat } = plan;
  const { phases, stake } = planBrief(plan);
  return {
    form: {
      // Claude Code shows only four lines, so what lowers the proof, programs to start, the chat, gaps and checks come before the phases.
      message: [
        cut(`${nameWithoutDate(view.folder)}: its plan waits for you (${name})`, 90),
        ...warnings,
        ...servers,
        ...chatInForm(fromChat),
        // A command of a ledger has at most 500 characters, and none runs that was not shown whole.
        ...remarks.map((line) => cut(line, 600)),
        cut(stake, 400),
        ...phases.map((phase) => cut(phase, 160)),
        `The whole plan: ${join(view.paths.sessionDir, name)} (${hash.slice(0, 12)})`,
      ].join('\n'),
      fields: { decision: { title: 'Decision', choices: PLAN_CHOICES } },
    },
    decide: (filled) => planDecision(hash, filled),
  };
}

export async function carryOut(
  decision: PlanAct,
  question: SessionQuestion,
  context: ActionContext,
): Promise<Acted> {
  if (decision.kind === 'approve') {
    const { approvePlan } = await import('./approve-plan.act.ts');
    return await approvePlan({ ...question, hash: decision.hash }, context);
  }
  const { requestChanges } = await import('./request-changes.act.ts');
  return await requestChanges({ ...question, feedback: decision.feedback }, context);
}
