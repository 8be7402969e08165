import { join } from 'node:path';
import { gateRuleOf } from '../../caller/commands/early-refusal.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { isHashOf } from '../../kernel/files/fingerprint.ts';
import { cut } from '../../kernel/text.ts';
import { type AtGate, BY_FORM, decidedBy, type Form, mayOpenGates } from '../../kit/mcp/form.ts';
import type { ToolContext } from '../../kit/mcp/tool.ts';
import { refusedServers } from '../../session/commands/judge-gates.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { chatInForm } from './questions-form.ts';
import type { PlanBrief, PlanReport } from './read-plan.act.ts';

/** What the user decides about a plan. `feedback` is their text, empty if they gave none. */
export type PlanDecision =
  | { kind: 'approve'; hash: string }
  | { kind: 'changes'; feedback: string }
  | { kind: 'read' }
  | { kind: 'later' };

/** Codex preselects the first choice, and an accidental Enter must approve nothing. */
const DECISIONS = {
  read: 'Read the whole plan first',
  approve: 'Approve it: the work starts',
  changes: 'Ask for changes',
  later: 'Decide later',
} as const;

/**
 * Asks the user in a form to decide about the plan that waits for approval.
 * @param hash the hash of the plan that the call refers to, if any: a different plan is refused without asking
 */
export async function askApproval(
  { hash, ...question }: SessionQuestion & { hash?: string },
  { actions, ask }: ToolContext,
): Promise<AtGate<PlanDecision>> {
  if (ask === undefined) return { kind: 'no_form' };
  const { planBrief, readPlan } = await import('./read-plan.act.ts');
  const plan = await readPlan({ ...question, isAct: true }, actions);
  const isMeant = hash === undefined || isHashOf(hash, plan.hash);
  if (plan.state !== 'waits_for_approval' || !isMeant || !mayOpenGates(plan.view)) return { kind: 'no_form' };
  // What only a person accepts is refused at once, as the call itself is.
  if (refusedServers(BY_FORM, plan, gateRuleOf(plan.view))) return { kind: 'no_form' };
  const outcome = await ask(approvalForm(plan, planBrief(plan)));
  if (outcome.kind !== 'filled' || outcome.filled.decision !== 'changes')
    return decidedBy(outcome, ({ decision }) => decisionOf(decision, plan.hash));
  const words = await ask(CHANGES_FORM);
  const feedback = words.kind === 'filled' ? (words.filled.changes ?? '') : '';
  return { kind: 'decided', decision: { kind: 'changes', feedback } };
}

function approvalForm(
  { view, name, hash, servers, remarks, fromChat }: PlanReport,
  { phases, beforeDone }: PlanBrief,
): Form {
  return {
    // Claude Code shows only four lines, so programs to start, the chat, gaps and checks come before the phases.
    message: [
      cut(`${nameWithoutDate(view.folder)}: its plan waits for you (${name})`, 90),
      ...servers,
      ...chatInForm(fromChat),
      ...remarks.map((line) => cut(line, 400)),
      cut(beforeDone, 400),
      ...phases.map((phase) => cut(phase, 160)),
      `The whole plan: ${join(view.paths.sessionDir, name)} (${hash.slice(0, 12)})`,
    ].join('\n'),
    fields: {
      decision: {
        title: 'Decision',
        choices: Object.entries(DECISIONS).map(([value, title]) => ({ value, title })),
      },
    },
    required: ['decision'],
  };
}

/** A separate form, because Codex does not submit one with an empty text field. */
const CHANGES_FORM: Form = {
  message: 'What should be different in the plan?',
  fields: { changes: { title: 'Changes' } },
  required: ['changes'],
};

function decisionOf(decision: string | undefined, hash: string): PlanDecision {
  if (decision === 'approve') return { kind: 'approve', hash };
  return { kind: decision === 'read' ? 'read' : 'later' };
}
