import type { QaReading } from '../../src/core/session/documents/qa.ts';
import type { QaQuestion } from '../../src/core/session/documents/qa-blocks.ts';

const MAX_QUESTIONS = 7;

/** What is missing from a round of questions, one sentence each. */
export function lintQa(reading: QaReading): string[] {
  const rounds = new Map<number, number>();
  for (const { round } of reading.questions) rounds.set(round, (rounds.get(round) ?? 0) + 1);
  const long = [...rounds].filter(([, count]) => count > MAX_QUESTIONS);
  return [
    ...reading.questions.flatMap(lintQuestion),
    ...long.map(([round, count]) => `Round ${round} asks ${count} questions; ${MAX_QUESTIONS} are the most.`),
    ...reading.problems,
  ];
}

function lintQuestion({ id, text, options, suggestion }: QaQuestion): string[] {
  const notes: string[] = [];
  if (text === '') notes.push(`${id} has no text.`);
  if (options.length < 2 || options.length > 5)
    notes.push(`${id} has ${options.length} options; it should have 2 to 5.`);
  const letters = options.map(({ letter }) => letter);
  if (!suggestion) notes.push(`${id} has no suggestion.`);
  else if (suggestion.letters.length === 0) notes.push(`The suggestion of ${id} names no option.`);
  else if (!suggestion.letters.every((letter) => letters.includes(letter))) {
    notes.push(`The suggestion of ${id} names an option that is not there.`);
  }
  if (suggestion && suggestion.reason.trim() === '') notes.push(`The suggestion of ${id} has no reason.`);
  return notes;
}
