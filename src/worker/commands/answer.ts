import type { CommandOf } from '../../session/commands.ts';
import type { RecordedAnswer } from '../../session/event-types.ts';
import { answerText, parseAnswer, questionHash } from '../../session/qa-answer.ts';
import { findQuestion, type QaQuestion } from '../../session/qa-question.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { readQuestions } from '../evidence.ts';
import { closedChannel } from '../gate-channel.ts';
import { stateOf, type Worker } from '../worker.ts';

/** Records a person's answers: the human act that opens the first gate. */
export async function answer(
  worker: Worker,
  command: CommandOf<'answer'>,
): Promise<CommandOutcome | Refusal> {
  const { status } = stateOf(worker);
  if (status.kind !== 'waiting' || status.for !== 'qa_answers') {
    return new Refusal('nothing_asked', 'The session does not wait for answers.', 'Look with get_status.');
  }
  const closed = closedChannel(worker, command.by);
  if (closed) return closed;
  const evidence = await readQuestions(worker);
  const answers = new Map<string, RecordedAnswer>();
  const give = (question: QaQuestion, text: string) =>
    answers.set(question.id, { id: question.id, question: questionHash(question), text });
  if (command.confirmTyped) {
    for (const { id, text } of evidence.unconfirmed) {
      const question = findQuestion(evidence.questions, id);
      if (question) give(question, text);
    }
  }
  for (const { id, text } of command.answers) {
    const question = findQuestion(evidence.questions, id);
    if (question === undefined) return unknownQuestion(id, evidence.questions);
    const parsed = parseAnswer(question, text);
    if (parsed.kind === 'invalid') {
      return new Refusal(
        'bad_answer',
        `The answer to ${question.id} was not understood: ${parsed.problem}`,
        'See read_qa.',
      );
    }
    give(question, answerText(parsed));
  }
  if (command.acceptSuggestions) {
    for (const question of evidence.questions) {
      if (!evidence.open.includes(question.id) || answers.has(question.id) || !question.suggestion) continue;
      give(question, question.suggestion.letters.join(', '));
    }
  }
  if (answers.size === 0) {
    return new Refusal(
      'no_answer',
      'No question got an answer.',
      `Open: ${evidence.open.join(', ')}. See read_qa.`,
    );
  }
  const open = evidence.open.filter((id) => !answers.has(id));
  const given = [...answers.keys()].join(', ');
  return {
    events: [
      {
        type: 'answers_recorded',
        by: command.by,
        answers: [...answers.values()],
        open,
        flow: `Answers recorded: ${given}${open.length > 0 ? `; open: ${open.join(', ')}` : ''}`,
      },
    ],
  };
}

function unknownQuestion(id: string, questions: readonly QaQuestion[]): Refusal {
  const known = questions.map((question) => question.id).join(', ') || 'none';
  return new Refusal(
    'unknown_question',
    `There is no question "${id.slice(0, 40)}".`,
    `Questions: ${known}. See read_qa.`,
  );
}
