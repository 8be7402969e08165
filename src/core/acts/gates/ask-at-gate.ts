import { gateRuleOf } from '../../caller/commands/early-refusal.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { commentsMessage, documentLines } from '../../caller/facts/line-comments.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { shownText } from '../../kernel/text.ts';
import type { Cli, Menus } from '../../kit/terminal/cli.ts';
import { CLI_ERRORS } from '../../kit/terminal/cli-errors.ts';
import { commentsOn, Drafts } from '../../kit/terminal/drafts.ts';
import { showLines } from '../../kit/terminal/pager.ts';
import { GATE_ERRORS } from '../../session/commands/gate-errors.ts';
import { closedChannel } from '../../session/commands/judge-kind.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { askOpenQuestions } from './ask-questions.ts';
import { formatPlan, planDifference } from './format-gate.ts';
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

async function askForApproval(cli: Cli, question: SessionQuestion): Promise<string | undefined> {
  const { readPlan } = await import('./read-plan.act.ts');
  const context = await cli.actionContext();
  let plan = await readPlan(question, context);
  await using drafts = new Drafts(cli, plan.view);
  const terminal = await drafts.typing();
  let decision = await decideOn(terminal, plan, drafts);
  while (decision === 'edit') {
    await editOrExplain(cli, question);
    plan = await readPlan(question, context);
    decision = await decideOn(terminal, plan, drafts);
  }
  if (decision === undefined) return undefined;
  if (decision === 'approved') {
    const { approvePlan } = await import('./approve-plan.act.ts');
    return (await approvePlan({ ...question, hash: plan.hash }, context)).done;
  }
  const { requestChanges } = await import('./request-changes.act.ts');
  const { done } = await requestChanges({ ...question, feedback: decision.feedback }, context);
  await drafts.recorded();
  return done;
}

/** A failure is shown, and the question about the plan is asked again. */
async function editOrExplain(cli: Cli, question: SessionQuestion): Promise<void> {
  const { editPlanAtTerminal } = await import('./edit-plan.ts');
  try {
    if (!(await editPlanAtTerminal(cli, question))) cli.output.say('The plan is unchanged.');
  } catch (error) {
    if (!NOT_EDITED.some(({ is }) => is(error))) throw error;
    cli.output.error(error);
  }
}

/** Undefined if the person leaves it for later. */
type Decision = 'approved' | 'edit' | { feedback: string } | undefined;

/** Shows the plan to the person and asks for a decision. */
async function decideOn(cli: Cli, plan: PlanReport, drafts: Drafts): Promise<Decision> {
  cli.output.say();
  await showLines(cli, formatPlan(plan, cli.output).split('\n'));
  // Shown last: the person has not read the changes yet, and a long plan would scroll them away.
  for (const line of planDifference(plan, cli.output)) cli.output.say(line);
  const menus = await cli.menus?.();
  return menus === undefined ? await decideByLine(cli) : await decideByMenu(cli, plan, { menus, drafts });
}

async function decideByMenu(
  cli: Cli,
  plan: PlanReport,
  { menus, drafts }: { menus: Menus; drafts: Drafts },
): Promise<Decision> {
  const choices = [
    { value: 'approve', label: 'approve it and start the work' },
    { value: 'read', label: 'read it again' },
    { value: 'comment', label: 'write comments on it in your editor' },
    { value: 'edit', label: 'edit it yourself' },
    { value: 'change', label: 'ask for changes' },
    { value: 'later', label: 'leave it for later' },
  ];
  for (;;) {
    // An accidental Enter approves nothing.
    const chosen = await menus.choose('The plan waits for you; Esc leaves it for later', choices, 'later');
    switch (chosen) {
      case 'approve':
        return 'approved';
      case 'read':
        await showLines(cli, formatPlan(plan, cli.output).split('\n'));
        break;
      case 'edit':
        return 'edit';
      case 'comment': {
        const shown = documentLines(plan.name, shownText(plan.text));
        const comments = await commentsOn(drafts, { name: 'comments.md', lines: shown.lines });
        const feedback = commentsMessage(shown, comments, shown).message;
        if (feedback === '') cli.output.say('No comment was written.');
        // Confirmed first, because an iteration acts on the comments.
        else if (await isSent(cli, feedback, menus)) return { feedback };
        break;
      }
      case 'change':
        return await askChanges(menus);
      default:
        return undefined;
    }
  }
}

async function isSent(cli: Cli, feedback: string, menus: Menus): Promise<boolean> {
  cli.output.say(`\n${feedback}\n`);
  return (await menus.confirm('Send these comments to the agent?')) === true;
}

async function askChanges(menus: Menus): Promise<Decision> {
  const feedback = await menus.write('What should be different?', (typed) =>
    typed.trim() === '' ? 'Write what should be different; Esc leaves the plan for later.' : undefined,
  );
  return feedback === undefined ? undefined : { feedback };
}

async function decideByLine(cli: Cli): Promise<Decision> {
  cli.output.say('\ny approves it; Enter leaves it for later; or type what should be different.');
  const typed = (await cli.ask('your answer: ')).trim();
  // A bare "no" gives an agent nothing to work with, and each new version of the plan costs an iteration.
  const answer = /^no?$/i.test(typed) ? (await cli.ask('what should be different: ')).trim() : typed;
  if (answer === '' || /^q(?:uit)?$/i.test(answer)) return undefined;
  return /^y(?:es)?$/i.test(answer) ? 'approved' : { feedback: answer };
}
