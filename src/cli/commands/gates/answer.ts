import { type Command, Option } from 'commander';
import { handleOf } from '../../../session/layout/names.ts';
import type { GivenAnswer, SaidAtTerminal } from '../../asking/ask-questions.ts';
import { sessionFacts } from '../../rendering/session-facts.ts';
import { type Cli, EXIT } from '../../terminal/cli.ts';
import { CLI_ERRORS } from '../../terminal/cli-errors.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';

interface AnswerOptions extends SharedOptions {
  acceptSuggestions?: true;
  confirmTyped?: true;
  show?: true;
}

export function addAnswer(program: Command, cli: Cli): void {
  withSharedOptions(program.command('answer <session> [answers...]'))
    .description('Answer the questions of a session, here or as arguments')
    .option('--accept-suggestions', 'accept the suggestion for every question not answered here')
    .option('--confirm-typed', 'confirm that the answers typed into _qa.md are yours')
    .addOption(
      new Option('--show', 'only show the questions').conflicts(['acceptSuggestions', 'confirmTyped']),
    )
    .action((session: string, answers: string[], options: AnswerOptions) =>
      answer(cli, session, answers, options),
    );
}

async function answer(cli: Cli, session: string, written: string[], options: AnswerOptions): Promise<void> {
  const given = written.map(parsePair);
  const decided = given.length > 0 || options.acceptSuggestions || options.confirmTyped;
  if (options.show || (!decided && !cli.isInteractive)) return await showQuestions(cli, session, options);
  const { acceptSuggestions, confirmTyped = false } = options;
  const said = decided ? { answers: given, confirmTyped } : await askOpen(cli, session, options);
  if (said === undefined) return;
  const { answerQa } = await import('../../../actions/gates/answer-qa.ts');
  const input = { session, ...projectOf(options), ...said, acceptSuggestions };
  const { view, recorded, open } = await answerQa(input, await cli.actionContext());
  const { good, attention } = cli.output.style;
  cli.output.result({ ...sessionFacts(view), recorded, open }, () =>
    [
      ...recorded.map(({ id, text }) => `${good('✔')} ${id}: ${text}`),
      open.length > 0
        ? attention(`Still open: ${open.join(', ')}`)
        : `${handleOf(view.folder)} continues. To follow it: samocode log ${handleOf(view.folder)} --follow`,
    ].join('\n'),
  );
}

/** `Q1=A` or `Q1: A`. */
function parsePair(written: string): GivenAnswer {
  const match = /^\s*(R?\d*Q\d+)\s*[=:]\s*(.+)$/is.exec(written);
  if (match?.[1] && match[2]) return { id: match[1], text: match[2].trim() };
  throw CLI_ERRORS.usage({
    why: `"${written}" is not an answer: write the question, "=" and your answer as one shell word.`,
    hint: 'For example Q1=A, Q2="A, C" or Q3="as it was before".',
  });
}

async function showQuestions(cli: Cli, session: string, options: SharedOptions): Promise<void> {
  const { readQa } = await import('../../../actions/gates/read-qa.ts');
  const { diffWords, questionWords } = await import('../../rendering/qa-words.ts');
  const { view, title, questions, open, diff } = await readQa(
    { session, ...projectOf(options) },
    await cli.actionContext(),
  );
  const hint = open.length > 0 ? `\n\nTo answer: samocode answer ${handleOf(view.folder)} ${open[0]}=…` : '';
  const shown = diff === undefined ? [] : [diffWords(diff)];
  cli.output.result({ session: view.folder, title, questions, open, diff }, () =>
    questions.length > 0
      ? `${[...shown, ...questions.map((question) => questionWords(question, cli.output))].join('\n\n')}${hint}`
      : 'No questions have been asked.',
  );
}

async function askOpen(
  cli: Cli,
  session: string,
  options: SharedOptions,
): Promise<SaidAtTerminal | undefined> {
  const { readQa } = await import('../../../actions/gates/read-qa.ts');
  const { requireOpenChannel } = await import('../../../actions/acting/early-refusal.ts');
  const context = await cli.actionContext();
  const { view, questions, diff } = await readQa({ session, ...projectOf(options) }, context);
  const open = questions.filter(({ isOpen }) => isOpen);
  if (open.length === 0) {
    cli.output.say('No question is open.');
    return undefined;
  }
  requireOpenChannel(view, context);
  const { askOpenQuestions } = await import('../../asking/ask-questions.ts');
  const said = await askOpenQuestions(cli, view.folder, open, diff);
  if (said === undefined) cli.leaveWith(EXIT.waiting);
  return said;
}
