import { gateChannelsOf } from '../../actions/acting/early-refusal.ts';
import type { Code } from '../../actions/codes.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { closedChannel } from '../../session/commands/closed-channel.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { planWords } from '../rendering/plan-words.ts';
import type { Cli, Menus } from '../terminal/cli.ts';
import { askOpenQuestions } from './ask-questions.ts';

interface Question {
  session: string;
  projectDir: string | undefined;
}

/** How an answer is refused when another chat, terminal or phone has decided meanwhile, here or by the worker. */
const DECIDED_ELSEWHERE: readonly Code[] = ['not_waiting', 'plan_changed'];

/**
 * Puts to the person what a session waits for.
 * @returns false when this is no place to decide it: the session stays as it is
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
      `\nAlready decided elsewhere; your answer was not recorded. To guide the next agent: ${guidance}`,
    );
    return true;
  }
}

async function askForAnswers(cli: Cli, question: Question): Promise<boolean> {
  const [{ readQa }, { answerQa }] = await Promise.all([
    import('../../actions/gates/read-qa.ts'),
    import('../../actions/gates/answer-qa.ts'),
  ]);
  const context = await cli.actionContext();
  const { questions, diff } = await readQa(question, context);
  const open = questions.filter(({ isOpen }) => isOpen);
  if (open.length === 0) return false;
  cli.output.say(cli.output.style.bold('\nQuestions for you; Enter takes the suggestion.'));
  const said = await askOpenQuestions(cli, question.session, open, diff);
  if (said) await answerQa({ ...question, ...said }, context);
  return said !== undefined;
}

async function askForApproval(cli: Cli, question: Question): Promise<boolean> {
  const { readPlan } = await import('../../actions/gates/read-plan.ts');
  const context = await cli.actionContext();
  const plan = await readPlan(question, context);
  cli.output.say(`\n${planWords(plan, cli.output)}`);
  const menus = await cli.menus?.();
  const said = menus ? await decideByMenu(menus) : await decideByLine(cli);
  if (said === undefined) return false;
  if (said === 'approved') {
    const { approvePlan } = await import('../../actions/gates/approve-plan.ts');
    await approvePlan({ ...question, hash: plan.hash }, context);
  } else {
    const { requestChanges } = await import('../../actions/gates/request-changes.ts');
    await requestChanges({ ...question, feedback: said.feedback }, context);
  }
  return true;
}

/** Undefined: left for later. */
type Decision = 'approved' | { feedback: string } | undefined;

async function decideByMenu(menus: Menus): Promise<Decision> {
  const choices = [
    { value: 'approve', label: 'approve it and start the work' },
    { value: 'change', label: 'ask for changes' },
    { value: 'later', label: 'leave it for later' },
  ];
  // An Enter too many approves nothing.
  const chosen = await menus.choose('The plan waits for you; Esc leaves it for later', choices, 'later');
  if (chosen === 'approve') return 'approved';
  if (chosen !== 'change') return undefined;
  const feedback = await menus.write('What should be different?', (typed) =>
    typed.trim() === '' ? 'Write what should be different; Esc leaves the plan for later.' : undefined,
  );
  return feedback === undefined ? undefined : { feedback };
}

async function decideByLine(cli: Cli): Promise<Decision> {
  cli.output.say('\ny approves it; Enter leaves it for later; or write what should be different.');
  const typed = (await cli.ask('your answer: ')).trim();
  // A plain no says nothing that an agent could work with, and each round of the plan costs one.
  const said = /^no?$/i.test(typed) ? (await cli.ask('what should be different: ')).trim() : typed;
  if (said === '' || /^q(?:uit)?$/i.test(said)) return undefined;
  return /^y(?:es)?$/i.test(said) ? 'approved' : { feedback: said };
}
