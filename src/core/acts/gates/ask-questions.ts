import { questionsAtStake, stakeLine } from '../../caller/facts/at-stake.ts';
import { askField, askYesNo } from '../../faces/terminal/ask.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { fitLine } from '../../faces/terminal/style.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { parseAnswer } from '../../session/documents/qa.ts';
import { handleOf } from '../../session/layout/names.ts';
import { aboutText, chatLines, formatQuestion, questionHead, whyLines } from './format-gate.ts';
import { questionField } from './questions-form.ts';
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
export async function askOpenQuestions(cli: Cli, report: QaReport): Promise<TerminalAnswers | undefined> {
  const { questions, about, fromChat } = report;
  const session = report.view.folder;
  cli.output.say(cli.output.style.dim(stakeLine(questionsAtStake(report))));
  const open = questions.filter(({ isOpen }) => isOpen);
  const typed = open.filter(({ isUnconfirmed }) => isUnconfirmed);
  const confirmTyped = typed.length > 0 ? await confirmTypedAnswers(cli, typed) : false;
  if (confirmTyped === undefined) return leftForLater(cli, session, []);
  const answers: GivenAnswer[] = [];
  for (const line of chatLines(fromChat, cli.output)) cli.output.say(line);
  for (const question of open) {
    if (confirmTyped && question.isUnconfirmed) continue;
    if (question.id === about?.question) cli.output.say(`\n${aboutText(about.text)}`);
    const text = await askQuestion(cli, question);
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

/** The whole question and why its suggestion, then its options; the cursor is on the agent's suggestion. */
async function askQuestion(cli: Cli, question: QaItem): Promise<string | undefined> {
  cli.output.say(['', questionHead(question, cli.output), ...whyLines(question, cli.output)].join('\n'));
  const field = { ...questionField(question), title: `Your answer to ${question.id}` };
  return await askField(cli, field, (typed) => {
    const parsed = parseAnswer(question, typed);
    return parsed.kind === 'invalid' ? parsed.problem : undefined;
  });
}
