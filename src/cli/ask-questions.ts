import type { QaItem } from '../actions/read-qa.ts';
import { parseAnswer } from '../session/qa-answer.ts';
import type { Cli } from './cli.ts';
import { questionWords } from './qa-words.ts';

export interface GivenAnswer {
  id: string;
  text: string;
}

export interface SaidAtTerminal {
  answers: GivenAnswer[];
  confirmTyped: boolean;
}

/** Asks the open questions; those that _qa.md answers already are confirmed in one step. @throws when the person presses Ctrl-C */
export async function askOpenQuestions(cli: Cli, open: readonly QaItem[]): Promise<SaidAtTerminal> {
  const typed = open.filter(({ isUnconfirmed }) => isUnconfirmed);
  const confirmTyped = typed.length > 0 && (await isTheirs(cli, typed));
  const left = confirmTyped ? open.filter(({ isUnconfirmed }) => !isUnconfirmed) : open;
  return { answers: await askQuestions(cli, left), confirmTyped };
}

async function isTheirs(cli: Cli, typed: readonly QaItem[]): Promise<boolean> {
  cli.output.say('\nAnswered in _qa.md, and not confirmed yet:\n');
  cli.output.say(typed.map((question) => questionWords(question, cli.output)).join('\n\n'));
  return await askYesNo(cli, '\nAre these answers yours?');
}

/** One by one; Enter takes the suggestion. */
async function askQuestions(cli: Cli, questions: readonly QaItem[]): Promise<GivenAnswer[]> {
  const given: GivenAnswer[] = [];
  for (const question of questions) {
    cli.output.say(`\n${questionWords(question, cli.output)}`);
    given.push({ id: question.id, text: await askUntilUnderstood(cli, question) });
  }
  return given;
}

async function askUntilUnderstood(cli: Cli, question: QaItem): Promise<string> {
  const suggested = question.suggestion?.letters.join(', ') ?? '';
  for (;;) {
    const typed = (await cli.ask(`     answer${suggested ? ` [${suggested}]` : ''}: `)).trim() || suggested;
    const parsed = parseAnswer(question, typed);
    if (parsed.kind !== 'invalid') return typed;
    cli.output.say(cli.output.style.attention(`     ${parsed.problem}`));
  }
}

/** A yes or no; Enter is no. */
export async function askYesNo(cli: Cli, question: string): Promise<boolean> {
  return /^\s*y(?:es)?\s*$/i.test(await cli.ask(`${question} [y/N] `));
}
