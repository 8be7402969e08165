import { isSamocodeError } from '../../base/errors.ts';
import type { Cli } from '../../kit/terminal/cli.ts';
import { closedChannel } from '../../session/commands/judge-kind.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import type { Code } from '../common/codes.ts';
import { gateChannelsOf } from '../common/early-refusal.ts';
import { askOpenQuestions } from './ask-questions.ts';
import { decideOn } from './decide-on-plan.ts';

interface Question {
  session: string;
  projectDir: string | undefined;
}

/** The refusals of an answer if another chat, terminal or phone has already decided. */
const DECIDED_ELSEWHERE: readonly Code[] = ['already_answered', 'not_waiting', 'plan_changed'];

/**
 * Asks the person what a session waits for.
 * @returns false if it cannot be decided here: the session stays as it is
 */
export async function askAtGate(cli: Cli, view: SessionView, question: Question): Promise<boolean> {
  const { status } = view.state;
  if (status.kind !== 'waiting') return false;
  const closed = closedChannel((await cli.actionContext()).by, gateChannelsOf(view));
  if (closed) {
    cli.output.say(`\n${closed.error.why} ${closed.error.hint}`);
    return false;
  }
  try {
    if (status.for === 'qa_answers') return await askForAnswers(cli, question);
    if (status.for === 'plan_approval' && status.plan) return await askForApproval(cli, question);
    return false;
  } catch (error) {
    if (!(isSamocodeError(error) && DECIDED_ELSEWHERE.some((code) => code === error.code))) throw error;
    const guidance = `samocode message ${handleOf(question.session)} "…"`;
    cli.output.say(
      `\nAlready decided elsewhere; your answer was not recorded. ${error.why} To guide the next agent: ${guidance}`,
    );
    return true;
  }
}

async function askForAnswers(cli: Cli, question: Question): Promise<boolean> {
  const [{ readQa }, { answerQa }] = await Promise.all([
    import('./read-qa.act.ts'),
    import('./answer-qa.act.ts'),
  ]);
  const context = await cli.actionContext();
  const { questions, about } = await readQa(question, context);
  const open = questions.filter(({ isOpen }) => isOpen);
  if (open.length === 0) return false;
  cli.output.say(cli.output.style.bold('\nQuestions for you; Enter takes the suggestion.'));
  const said = await askOpenQuestions(cli, question.session, open, about);
  if (said) await answerQa({ ...question, ...said }, context);
  return said !== undefined;
}

async function askForApproval(cli: Cli, question: Question): Promise<boolean> {
  const { readPlan } = await import('./read-plan.act.ts');
  const context = await cli.actionContext();
  const menus = await cli.menus?.();
  let plan = await readPlan(question, context);
  let said = await decideOn(cli, plan, menus);
  while (said === 'edit') {
    const { editPlanAtTerminal } = await import('./edit-plan.ts');
    if (!(await editPlanAtTerminal(cli, question))) cli.output.say('The plan is unchanged.');
    plan = await readPlan(question, context);
    said = await decideOn(cli, plan, menus);
  }
  if (said === undefined) return false;
  if (said === 'approved') {
    const { approvePlan } = await import('./approve-plan.act.ts');
    await approvePlan({ ...question, hash: plan.hash }, context);
  } else {
    const { requestChanges } = await import('./request-changes.act.ts');
    await requestChanges({ ...question, feedback: said.feedback }, context);
  }
  return true;
}
