import { type Command, Option } from 'commander';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { pagedResult } from '../../faces/terminal/pager.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import {
  projectOf,
  type SharedOptions,
  withPager,
  withSharedOptions,
} from '../../faces/terminal/shared-options.ts';
import { isHashOf } from '../../kernel/files/fingerprint.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { shownText } from '../../kernel/text.ts';
import { CHAT_SECTION } from '../../session/documents/chat-section.ts';
import { findQuestion } from '../../session/documents/qa-blocks.ts';
import { handleOf } from '../../session/layout/names.ts';
import type { GivenAnswer, TerminalAnswers } from './ask-questions.ts';
import type { QaItem } from './read-qa.act.ts';

interface AnswerOptions extends SharedOptions {
  acceptSuggestions?: true;
  confirmTyped?: true;
  replace?: true;
  show?: true;
}

export function addAnswer(program: Command, cli: Cli): void {
  withSharedOptions(program.command('answer <session> [answers...]'))
    .description('Answer the questions of a session, here or as arguments')
    .option('--accept-suggestions', 'accept the suggestion for every question not answered here')
    .option('--confirm-typed', 'confirm that the answers typed into _qa.md are yours')
    .option('--replace', 'change recorded answers, until the next agent starts')
    .addOption(
      new Option('--show', 'only show the questions').conflicts(['acceptSuggestions', 'confirmTyped']),
    )
    .action(async (session: string, written: string[], options: AnswerOptions) => {
      const given = written.map(parsePair);
      if (options.replace && given.length === 0)
        throw CLI_ERRORS.usage({
          why: '--replace names no answer to replace.',
          hint: `For example: samocode answer ${shellWord(session)} Q1=B --replace`,
        });
      const decided = given.length > 0 || options.acceptSuggestions || options.confirmTyped;
      if (options.show || (!decided && !cli.isInteractive)) return await showQuestions(cli, session, options);
      const { acceptSuggestions, confirmTyped = false } = options;
      const send = async (answered: SeenAnswers) => {
        const { answerQa } = await import('./answer-qa.act.ts');
        const replace = options.replace;
        const input = { session, ...projectOf(options), ...answered, acceptSuggestions, replace };
        const { view, done, ...facts } = await answerQa(input, await cli.actionContext());
        printDone(cli, { view, done }, { facts });
      };
      const shown = decided && (await seen(cli, session, { ...options, given }));
      if (shown) await send({ ...shown, answers: given, confirmTyped });
      else await askOpen(cli, { session, ...projectOf(options) }, send);
    });
}

/** Answers, and the hash of the questions that were shown. */
type SeenAnswers = TerminalAnswers & { hash: string };

/** Prints the questions that the answers are for: they count for these alone. */
async function seen(
  cli: Cli,
  session: string,
  { given, acceptSuggestions, confirmTyped, ...options }: AnswerOptions & { given: readonly GivenAnswer[] },
): Promise<{ hash: string }> {
  const { readQa } = await import('./read-qa.act.ts');
  const { formatQuestion } = await import('./format-gate.ts');
  const question = { session, ...projectOf(options), isAct: true };
  const { questions, hash } = await readQa(question, await cli.actionContext());
  const isMeant = (each: QaItem) =>
    given.some(({ id }) => findQuestion([each], id) !== undefined) ||
    (each.isOpen && (acceptSuggestions || (confirmTyped && each.isUnconfirmed)));
  for (const each of questions.filter(isMeant)) cli.output.say(`${formatQuestion(each, cli.output)}\n`);
  return { hash };
}

/** Parses `Q1=A` or `Q1: A`. */
function parsePair(written: string): GivenAnswer {
  const match = /^\s*(R?\d*Q\d+)\s*[=:]\s*(.+)$/is.exec(written);
  if (match?.[1] && match[2]) return { id: match[1], text: match[2].trim() };
  throw CLI_ERRORS.usage({
    why: `"${written}" is not an answer: write the question, "=" and your answer as one shell word.`,
    hint: 'For example Q1=A, Q2="A, C" or Q3="as it was before".',
  });
}

async function showQuestions(cli: Cli, session: string, options: SharedOptions): Promise<void> {
  const { readQa } = await import('./read-qa.act.ts');
  const { aboutText, chatLines, formatQuestion } = await import('./format-gate.ts');
  const { view, title, questions, open, about, fromChat } = await readQa(
    { session, ...projectOf(options) },
    await cli.actionContext(),
  );
  const hint = open.length > 0 ? `\n\nTo answer: samocode answer ${handleOf(view.folder)} ${open[0]}=…` : '';
  const shown = (question: QaItem) => [
    ...(question.id === about?.question ? [aboutText(about.text)] : []),
    formatQuestion(question, cli.output),
  ];
  const chat = chatLines(fromChat, cli.output).map((line) => `${line}\n`);
  cli.output.result({ session: view.folder, title, questions, open, about: about?.text, fromChat }, () =>
    questions.length > 0
      ? `${chat.join('')}${questions.flatMap(shown).join('\n\n')}${hint}`
      : 'No questions have been asked.',
  );
}

async function askOpen(
  cli: Cli,
  question: SessionQuestion,
  send: (answered: SeenAnswers) => Promise<void>,
): Promise<void> {
  const { readQa } = await import('./read-qa.act.ts');
  const { requireSendable, requireUsable } = await import('../../caller/commands/early-refusal.ts');
  const context = await cli.actionContext();
  const report = await readQa({ ...question, isAct: true }, context);
  requireUsable(report.view);
  if (report.open.length === 0) return cli.output.say('No questions are open.');
  requireSendable('answer', report.view, context);
  const { askOpenQuestions } = await import('./ask-questions.ts');
  const { Drafts } = await import('../../faces/terminal/drafts.ts');
  await using drafts = new Drafts(cli, report.view);
  const answered = await askOpenQuestions(await drafts.typing(), report);
  if (answered === undefined) return cli.leaveWith(EXIT.waiting);
  await send({ ...answered, hash: report.hash });
  await drafts.recorded();
}

export function addPlan(program: Command, cli: Cli): void {
  withSharedOptions(withPager(program.command('plan <session>')))
    .description('Read the plan of a session')
    .option('--edit', 'change the plan that waits for your approval, in $VISUAL or $EDITOR')
    .action(async (session: string, options: PlanOptions) => {
      if (options.edit) return await editPlan(cli, session, options);
      const { readPlan } = await import('./read-plan.act.ts');
      const { planDifference, formatPlan } = await import('./format-gate.ts');
      const plan = await readPlan({ session, ...projectOf(options) }, await cli.actionContext());
      const { view, name, text, state, hash, changes, servers, fromChat } = plan;
      const remarks = [...plan.warnings, ...plan.remarks];
      const short = handleOf(view.folder);
      const { style } = cli.output;
      await pagedResult(
        cli,
        {
          ...{ session: view.folder, plan: name, planState: state, hash, changes },
          ...{ mcpServers: servers, remarks, fromChat, text },
        },
        () => {
          const ways = [
            `samocode approve ${short}`,
            `samocode changes ${short} "what to change"`,
            `samocode plan ${short} --edit`,
          ];
          const hint =
            state === 'waits_for_approval'
              ? `\n${style.attention('It waits for your approval:')}\n  ${ways.join('\n  ')}`
              : '';
          return [formatPlan(plan, cli.output), ...planDifference(plan, cli.output), hint].join('\n');
        },
      );
    });
}

type PlanOptions = SharedOptions & { edit?: true };

async function editPlan(cli: Cli, session: string, options: PlanOptions): Promise<void> {
  if (!cli.isInteractive)
    throw CLI_ERRORS.usage({
      why: '--edit opens an editor, but this is not a terminal.',
      hint: `samocode changes ${shellWord(session)} "what to change" asks the agent for it.`,
    });
  const { editPlanAtTerminal } = await import('./edit-plan.ts');
  const isSaved = await editPlanAtTerminal(cli, { session, ...projectOf(options) });
  cli.output.result({ saved: isSaved }, () =>
    isSaved
      ? `${cli.output.style.good('✔')} Saved. To approve it: samocode approve ${shellWord(session)}`
      : 'The plan is unchanged.',
  );
}

interface ApproveOptions extends SharedOptions {
  hash?: string;
  yes?: true;
}

export function addApprove(program: Command, cli: Cli): void {
  withSharedOptions(program.command('approve <session>'))
    .description('Approve the plan of a session, so that the work starts')
    .option('--hash <hash>', 'only if the plan is still the one with this hash ("samocode plan --json")')
    .option('-y, --yes', 'do not ask (with --hash)')
    .action(async (session: string, options: ApproveOptions) => {
      if (options.yes && options.hash === undefined)
        throw CLI_ERRORS.usage({
          why: '--yes approves a plan without showing it, so it needs --hash: the hash of the version that you have read.',
          hint: 'samocode plan <session> --json prints the hash.',
        });
      const question = { session, ...projectOf(options), hash: options.hash };
      const input = options.yes ? question : await confirmApproval(cli, question);
      if (input === undefined) return cli.leaveWith(EXIT.waiting);
      const { approvePlan } = await import('./approve-plan.act.ts');
      const approved = await approvePlan(input, await cli.actionContext());
      const {
        servers: mcpServers,
        already,
        plan: { name, hash },
      } = approved;
      printDone(cli, approved, { facts: { plan: name, hash, mcpServers, already }, lines: mcpServers });
    });
}

type Approval = SessionQuestion & { hash: string | undefined };

/** Shows what an approval covers and asks for confirmation. @returns the request, with the hash of the version shown */
async function confirmApproval(cli: Cli, asked: Approval): Promise<Approval | undefined> {
  const [{ planBrief, readPlan }, { requireSendable }, { confirmPreview }] = await Promise.all([
    import('./read-plan.act.ts'),
    import('../../caller/commands/early-refusal.ts'),
    import('../../faces/terminal/ask-preview.ts'),
  ]);
  const context = await cli.actionContext();
  const report = await readPlan({ ...asked, isAct: true }, context);
  // The approval itself says why that version cannot be approved.
  if (report.state !== 'waits_for_approval' || !isHashOf(asked.hash ?? report.hash, report.hash))
    return { ...asked, hash: asked.hash ?? report.hash };
  const { view, name, hash, servers, warnings, changes = [], fromChat } = report;
  const remarks = [...warnings, ...report.remarks];
  requireSendable('approve', view, context);
  const { phases, stake } = planBrief(report);
  const changed = changes.length > 0 ? ['It has changed since the version that you saw before.'] : [];
  const agreed = await confirmPreview(cli, {
    preview: {
      view,
      hash,
      would: [...warnings, stake, ...phases, ...report.remarks, ...changed, ...servers],
      ...(fromChat !== undefined && { text: `## ${CHAT_SECTION}\n\n${shownText(fromChat)}` }),
    },
    title: `Approve ${name} of ${view.folder} (version ${hash.slice(0, 12)})`,
    command: `samocode approve ${shellWord(view.folder)} --hash ${hash.slice(0, 12)} --yes`,
    facts: { plan: name, hash, phases, stake, mcpServers: servers, remarks },
  });
  return agreed && { ...asked, ...agreed, hash };
}

export function addChanges(program: Command, cli: Cli): void {
  withSharedOptions(program.command('changes <session> <feedback...>'))
    .description('Request changes to the plan of a session')
    .action(async (session: string, feedback: string[], options: SharedOptions) => {
      const { requestChanges } = await import('./request-changes.act.ts');
      const input = { session, ...projectOf(options), feedback: feedback.join(' ') };
      printDone(cli, await requestChanges(input, await cli.actionContext()));
    });
}
