import { gateRuleOf } from '../../caller/commands/early-refusal.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { commentsMessage, documentLines } from '../../caller/facts/line-comments.ts';
import { askForm, askYesNo } from '../../faces/terminal/ask.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { commentsOn, Drafts } from '../../faces/terminal/drafts.ts';
import { showLines } from '../../faces/terminal/pager.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { shownText } from '../../kernel/text.ts';
import { GATE_ERRORS } from '../../session/commands/gate-errors.ts';
import { channelRefusal } from '../../session/commands/refused.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { askOpenQuestions } from './ask-questions.ts';
import { formatPlan, planDifference } from './format-gate.ts';
import type { PlanAct } from './plan-question.ts';
import type { PlanReport } from './read-plan.act.ts';

const { already_answered, not_waiting, plan_changed } = GATE_ERRORS;
/** The errors of an edit after which the plan still waits. */
const NOT_EDITED = [ACTION_ERRORS.plan_file_changed, CLI_ERRORS.draft_gone, CLI_ERRORS.editor_failed];
/** The errors for an answer if another chat, terminal or phone has already decided. */
const DECIDED_ELSEWHERE = [already_answered, not_waiting];

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
  const closed = channelRefusal((await cli.actionContext()).by, gateRuleOf(view));
  if (closed) {
    cli.output.say(`\n${closed.error.why} ${closed.error.hint}`);
    return undefined;
  }
  try {
    if (status.for === 'qa_answers') return await askForAnswers(cli, question);
    if (status.for === 'plan_approval' && status.plan) return await askForApproval(cli, view, question);
    return undefined;
  } catch (error) {
    if (plan_changed.is(error))
      return 'Nothing was decided: the plan was changed after it was shown to you. Read the new version.';
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
  await using drafts = new Drafts(cli, report.view);
  const answered = await askOpenQuestions(await drafts.typing(), report);
  if (answered === undefined) return undefined;
  const { done } = await answerQa({ ...question, ...answered, hash: report.hash }, context);
  await drafts.recorded();
  return done;
}

async function askForApproval(
  cli: Cli,
  view: SessionView,
  question: SessionQuestion,
): Promise<string | undefined> {
  const [{ readPlan }, { carryOut, planQuestion }] = await Promise.all([
    import('./read-plan.act.ts'),
    import('./plan-question.ts'),
  ]);
  const context = await cli.actionContext();
  await using drafts = new Drafts(cli, view);
  const terminal = await drafts.typing();
  const sent = async (decision: PlanAct) => {
    const { done } = await carryOut(decision, question, context);
    await drafts.recorded();
    return done;
  };
  for (;;) {
    const plan = await readPlan(question, context);
    cli.output.say();
    await showLines(cli, formatPlan(plan, cli.output).split('\n'));
    // Shown last: the person has not read the changes yet, and a long plan would scroll them away.
    for (const line of planDifference(plan, cli.output)) cli.output.say(line);
    const { form, decide } = planQuestion(plan);
    const decision = decide((await askForm(terminal, form)) ?? {});
    switch (decision.kind) {
      case 'read':
        break;
      case 'edit':
        await editOrExplain(cli, question);
        break;
      case 'comment': {
        const feedback = await writtenComments(cli, plan, drafts);
        if (feedback === undefined) break;
        return await sent({ kind: 'changes', feedback });
      }
      case 'later':
        return undefined;
      default:
        return await sent(decision);
    }
  }
}

async function editOrExplain(cli: Cli, question: SessionQuestion): Promise<void> {
  const { editPlanAtTerminal } = await import('./edit-plan.ts');
  try {
    if (!(await editPlanAtTerminal(cli, question))) cli.output.say('The plan is unchanged.');
  } catch (error) {
    if (!NOT_EDITED.some(({ is }) => is(error))) throw error;
    cli.output.error(error);
  }
}

/** Confirmed before they are sent, because an iteration acts on them. */
async function writtenComments(cli: Cli, plan: PlanReport, drafts: Drafts): Promise<string | undefined> {
  const shown = documentLines(plan.name, shownText(plan.text));
  const comments = await commentsOn(drafts, { name: 'comments.md', lines: shown.lines });
  const feedback = commentsMessage(shown, comments, shown).message;
  cli.output.say(feedback === '' ? 'No comment was written.' : `\n${feedback}\n`);
  if (feedback === '' || !(await askYesNo(cli, 'Send these comments to the agent?'))) return undefined;
  return feedback;
}
