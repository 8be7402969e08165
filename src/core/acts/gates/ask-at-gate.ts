import { gateRuleOf } from '../../caller/commands/early-refusal.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { commentsMessage, documentLines } from '../../caller/facts/line-comments.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { shownText } from '../../kernel/text.ts';
import { askForm, askYesNo } from '../../kit/terminal/ask.ts';
import type { Cli } from '../../kit/terminal/cli.ts';
import { commentsOn } from '../../kit/terminal/editor.ts';
import { showLines } from '../../kit/terminal/pager.ts';
import { GATE_ERRORS } from '../../session/commands/gate-errors.ts';
import { closedChannel } from '../../session/commands/judge-kind.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { askOpenQuestions } from './ask-questions.ts';
import { formatPlan, planDifference } from './format-gate.ts';
import type { PlanReport } from './read-plan.act.ts';

const { already_answered, not_waiting, plan_changed } = GATE_ERRORS;
/** The errors for an answer if another chat, terminal or phone has already decided. */
const DECIDED_ELSEWHERE = [already_answered, not_waiting, plan_changed];

/**
 * Asks the person for the decision that a session waits for.
 * @returns what was decided, as a sentence; undefined if nothing was, so the session still waits
 */
export async function askAtGate(
  cli: Cli,
  view: SessionView,
  question: SessionQuestion,
): Promise<string | undefined> {
  const { status } = view.state;
  if (status.kind !== 'waiting') return undefined;
  const closed = closedChannel((await cli.actionContext()).by, gateRuleOf(view));
  if (closed) {
    cli.output.say(`\n${closed.error.why} ${closed.error.hint}`);
    return undefined;
  }
  try {
    if (status.for === 'qa_answers') return await askForAnswers(cli, question);
    if (status.for === 'plan_approval' && status.plan) return await askForApproval(cli, question);
    return undefined;
  } catch (error) {
    if (!isSamocodeError(error) || !DECIDED_ELSEWHERE.some(({ is }) => is(error))) throw error;
    const guidance = `samocode message ${handleOf(question.session)} "…"`;
    return `Already decided elsewhere; your answer was not recorded. ${error.why} To guide the next agent: ${guidance}`;
  }
}

async function askForAnswers(cli: Cli, question: SessionQuestion): Promise<string | undefined> {
  const [{ readQa }, { answerQa }] = await Promise.all([
    import('./read-qa.act.ts'),
    import('./answer-qa.act.ts'),
  ]);
  const context = await cli.actionContext();
  const report = await readQa(question, context);
  if (report.open.length === 0) return undefined;
  cli.output.say(cli.output.style.bold('\nQuestions for you; Enter accepts the suggestion.'));
  const answered = await askOpenQuestions(cli, report);
  return answered && (await answerQa({ ...question, ...answered }, context)).done;
}

async function askForApproval(cli: Cli, question: SessionQuestion): Promise<string | undefined> {
  const [{ readPlan }, { carryOut, planQuestion }] = await Promise.all([
    import('./read-plan.act.ts'),
    import('./plan-question.ts'),
  ]);
  const context = await cli.actionContext();
  for (;;) {
    const plan = await readPlan(question, context);
    cli.output.say();
    await showLines(cli, formatPlan(plan, cli.output).split('\n'));
    // Shown last: the person has not read the changes yet, and a long plan would scroll them away.
    for (const line of planDifference(plan, cli.output)) cli.output.say(line);
    const { form, decide } = planQuestion(plan);
    const decision = decide((await askForm(cli, form)) ?? {});
    switch (decision.kind) {
      case 'read':
        break;
      case 'edit': {
        const { editPlanAtTerminal } = await import('./edit-plan.ts');
        if (!(await editPlanAtTerminal(cli, question))) cli.output.say('The plan is unchanged.');
        break;
      }
      case 'comment': {
        const feedback = await writtenComments(cli, plan);
        if (feedback === undefined) break;
        return (await carryOut({ kind: 'changes', feedback }, question, context)).done;
      }
      case 'later':
        return undefined;
      default:
        return (await carryOut(decision, question, context)).done;
    }
  }
}

/** Confirmed before they are sent, because an iteration acts on them. */
async function writtenComments(cli: Cli, plan: PlanReport): Promise<string | undefined> {
  const shown = documentLines(plan.name, shownText(plan.text));
  const comments = await commentsOn(cli, { name: 'plan.md', lines: shown.lines });
  const feedback = commentsMessage(shown, comments, shown).message;
  cli.output.say(feedback === '' ? 'No comment was written.' : `\n${feedback}\n`);
  if (feedback === '' || !(await askYesNo(cli, 'Send these comments to the agent?'))) return undefined;
  return feedback;
}
