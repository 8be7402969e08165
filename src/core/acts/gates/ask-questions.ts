import { shellWord } from '../../kernel/shell-quoted.ts';
import { askYesNo } from '../../kit/terminal/ask.ts';
import type { Cli, Menus } from '../../kit/terminal/cli.ts';
import { fitLine } from '../../kit/terminal/style.ts';
import { parseAnswer } from '../../session/documents/qa.ts';
import { handleOf } from '../../session/layout/names.ts';
import { aboutText, chatLines, formatQuestion, questionHead } from './format-gate.ts';
import type { QaItem, QaReport } from './read-qa.act.ts';

export interface GivenAnswer {
  id: string;
  text: string;
}

export interface TerminalAnswers {
  answers: GivenAnswer[];
  confirmTyped: boolean;
}

/**
 * Asks the open questions; those already answered in _qa.md are confirmed in one step.
 * @returns undefined if the person leaves them for later: nothing is recorded, and the command to continue is printed
 * @throws if the input ends or is interrupted
 */
export async function askOpenQuestions(
  cli: Cli,
  { view: { folder: session }, questions, about, fromChat }: QaReport,
): Promise<TerminalAnswers | undefined> {
  const open = questions.filter(({ isOpen }) => isOpen);
  const typed = open.filter(({ isUnconfirmed }) => isUnconfirmed);
  const confirmTyped = typed.length > 0 ? await confirmTypedAnswers(cli, typed) : false;
  if (confirmTyped === undefined) return leftForLater(cli, session, []);
  const menus = await cli.menus?.();
  const answers: GivenAnswer[] = [];
  for (const line of chatLines(fromChat, cli.output)) cli.output.say(line);
  for (const question of open) {
    if (confirmTyped && question.isUnconfirmed) continue;
    if (question.id === about?.question) cli.output.say(`\n${aboutText(about.text)}`);
    const text = menus ? await askByMenu(cli, menus, question) : await askForLine(cli, question);
    if (text === undefined) return leftForLater(cli, session, answers);
    answers.push({ id: question.id, text });
  }
  return { answers, confirmTyped };
}

async function confirmTypedAnswers(cli: Cli, typed: readonly QaItem[]): Promise<boolean | undefined> {
  cli.output.say('\nAnswered in _qa.md, but not confirmed yet:\n');
  cli.output.say(typed.map((question) => formatQuestion(question, cli.output)).join('\n\n'));
  return await askYesNo(cli, 'Are these answers yours?');
}

function leftForLater({ output }: Cli, session: string, given: readonly GivenAnswer[]): undefined {
  const command = `samocode answer ${handleOf(session)}`;
  const pairs = given.map(({ id, text }) => ` ${shellWord(`${id}=${fitLine(text, 1000)}`)}`).join('');
  const { accent } = output.style;
  output.say('\nLeft for later; nothing is recorded.');
  output.say(`  answer them          ${accent(command)}`);
  if (given.length > 0) output.say(`  record your answers  ${accent(command + pairs)}`);
}

const SEVERAL = 'several';
const OWN_WORDS = 'own words';

/** Asks for one option, several, or free text; the cursor starts on the agent's suggestion. */
async function askByMenu({ output }: Cli, menus: Menus, question: QaItem): Promise<string | undefined> {
  const { id, options, isOwn } = question;
  const { letters = [], reason = '' } = question.suggestion ?? {};
  output.say(`\n${questionHead(question, output)}`);
  const hint = fitLine(reason, 400) || undefined;
  const each = options.map(({ letter, text }) => ({
    value: letter,
    label: `${letter}) ${fitLine(text, 400)}`,
  }));
  const suggested = letters.join(', ');
  const mark = (label: string) => ({ value: suggested, label: `${label} ← suggested`, hint });
  const choices = each.map((choice) => (choice.value === suggested ? mark(choice.label) : choice));
  if (letters.length > 1) choices.unshift(mark(suggested));
  if (each.length > 1 && !isOwn) choices.push({ value: SEVERAL, label: 'several of these' });
  const words = isOwn
    ? 'one of these with a note, as in "B, because …"'
    : 'something else, in your own words';
  choices.push({ value: OWN_WORDS, label: words });
  const chosen =
    each.length === 0
      ? OWN_WORDS
      : await menus.choose(`Your answer to ${id}; Esc leaves it for later`, choices, suggested);
  if (chosen === SEVERAL)
    return (await menus.chooseSeveral('Which of these?', each, letters))?.sort().join(', ');
  if (chosen !== OWN_WORDS) return chosen;
  return await menus.write(`Your answer to ${id}`, (typed) => answerProblem(question, typed));
}

function answerProblem(question: QaItem, typed: string): string | undefined {
  const parsed = parseAnswer(question, typed);
  return parsed.kind === 'invalid' ? parsed.problem : undefined;
}

/** Used where there are no menus; Enter accepts the suggestion. */
async function askForLine(cli: Cli, question: QaItem): Promise<string> {
  cli.output.say(`\n${formatQuestion(question, cli.output)}`);
  const suggested = question.suggestion?.letters.join(', ') ?? '';
  for (;;) {
    const typed = (await cli.ask(`     answer${suggested ? ` [${suggested}]` : ''}: `)).trim() || suggested;
    const problem = answerProblem(question, typed);
    if (problem === undefined) return typed;
    cli.output.say(cli.output.style.attention(`     ${problem}`));
  }
}
