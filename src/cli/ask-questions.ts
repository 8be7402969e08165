import type { QaItem } from '../actions/read-qa.ts';
import { parseAnswer } from '../session/qa-answer.ts';
import type { Cli } from './cli.ts';
import { questionWords } from './qa-words.ts';

export interface GivenAnswer {
  id: string;
  text: string;
}

/** Asks the open questions one by one; Enter takes the suggestion. @throws when the person presses Ctrl-C */
export async function askQuestions(cli: Cli, questions: readonly QaItem[]): Promise<GivenAnswer[]> {
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
