import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cleanText } from '../../../src/core/kernel/text.ts';
import { oneLine, parseMarkdown, splitLines } from '../../../src/core/session/documents/markdown-lines.ts';
import {
  answerText,
  findStatus,
  parseAnswer,
  parseQa,
  questionHash,
} from '../../../src/core/session/documents/qa.ts';
import { findQuestion, findQuestions, isUnanswered } from '../../../src/core/session/documents/qa-blocks.ts';
import {
  appendRound,
  newQa,
  type QuestionDraft,
  writeAnswers,
} from '../../../src/core/session/documents/qa-change.ts';
import { lintQa } from '../../support/lint-qa.ts';
import { type Property, property } from './property.ts';
import { anyText, documentOf, isSubsequence } from './texts.ts';

const anyQa = documentOf([
  '# Q&A: x',
  'Status: waiting',
  'Status: answered',
  '## Questions',
  '### Q1: one?',
  '### Q2: two?',
  '### Q1: again',
  '## Round 2',
  '## Round 7 - more',
  '#### Question 3',
  '### R2Q1: r',
  'A) first',
  'B) second',
  '- [ ] third',
  '- [x] C) ticked',
  '- [X] boxed',
  '**Suggestion:** B - why',
  '**Answer:** _waiting_',
  '**Answer:** B',
  '**Answer:**',
  '**Answer: A**',
  'Answer: free text',
  'a note',
  '---',
  '<!-- c -->',
  '## Notes',
]); // prettier-ignore

const IDS = ['Q1', 'q2', 'Q3', 'R2Q1', 'r1q1', 'R3Q1', 'R9Q9', 'nonsense'];
const anyAnswers = fc.array(
  fc.record({
    id: fc.constantFrom(...IDS),
    text: fc.oneof(anyText, fc.constantFrom('A', 'B, C', 'two\n\nparts', '### Q9', '**Answer:** x')),
  }),
  { maxLength: 4 },
);

const anyDraft: fc.Arbitrary<QuestionDraft> = fc.record(
  {
    text: anyText,
    options: fc.array(anyText, { maxLength: 6 }),
    suggestion: fc.record({ letters: fc.constantFrom(['A'], ['A', 'B']), reason: anyText }),
  },
  { requiredKeys: ['text', 'options'] },
);
const anyDrafts = fc.array(anyDraft, { minLength: 1, maxLength: 5 });

const written = (text: string) =>
  cleanText(
    text
      .trim()
      .split(/\r\n?|\n/)
      .map(oneLine)
      .join('\n')
      .replaceAll('<br>', '\n'),
  ).trim(); // prettier-ignore

function checkWritten(text: string, answers: readonly { id: string; text: string }[]): void {
  const after = writeAnswers(text, answers);
  const before = parseQa(text).questions;
  const reading = parseQa(after);
  const ids = new Map(answers.map((answer) => [findQuestion(before, answer.id)?.id, written(answer.text)]));
  assert.deepEqual(
    reading.questions.map(({ id }) => id),
    before.map(({ id }) => id),
  );
  for (const [at, question] of reading.questions.entries()) {
    const expected = ids.get(question.id);
    if (expected === undefined) assert.equal(question.answer, before[at]?.answer, question.id);
    else assert.equal(question.answer ?? '', isUnanswered(expected) ? '' : expected, question.id);
    assert.equal(questionHash(question), questionHash(before[at] as typeof question));
  }
  const isTouched = before.some(({ id }) => ids.has(id));
  const isComplete = reading.questions.every(({ answer }) => answer !== undefined);
  if (isTouched) assert.equal(reading.status, isComplete ? 'answered' : 'waiting');
  else assert.equal(after, text);
  assert.equal(writeAnswers(after, answers), after);
}

function checkForeign(text: string, answers: readonly { id: string; text: string }[]): void {
  const doc = parseMarkdown(text);
  const found = findQuestions(doc);
  const owned = new Set<number>();
  for (const { answerSpan } of found) {
    for (let index = answerSpan?.start ?? 0; index < (answerSpan?.end ?? 0); index += 1) owned.add(index);
  }
  const status = findStatus(doc, found);
  if (status) owned.add(status.index);
  const last = doc.lines.length - 1;
  const foreign = doc.lines.filter(
    (line, index) => !owned.has(index) && (index < last || line.endsWith('\n')),
  );
  const after = writeAnswers(text, answers);
  assert(isSubsequence(foreign, splitLines(after.slice(doc.bom.length))));
}

export const qaProperties: Property[] = [
  property('reading questions never throws, and no two have one id', fc.oneof(anyQa, anyText), (text) => {
    const reading = parseQa(text);
    const ids = reading.questions.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert(Array.isArray(lintQa(reading)));
    for (const id of ids) assert.equal(findQuestion(reading.questions, id.toLowerCase())?.id, id);
  }),
  property(
    'written answers are read back, and writing them again has no effect',
    fc.tuple(anyQa, anyAnswers),
    ([text, answers]) => checkWritten(text, answers),
  ),
  property('writing answers keeps every other line', fc.tuple(anyQa, anyAnswers), ([text, answers]) =>
    checkForeign(text, answers),
  ),
  property(
    'an appended round is new, waits and does not change the old text',
    fc.tuple(anyQa, anyDrafts),
    ([text, drafts]) => {
      const before = parseQa(text).questions;
      const after = parseQa(appendRound(text, drafts));
      assert.deepEqual(after.questions.slice(0, before.length).map(questionHash), before.map(questionHash));
      assert.equal(after.questions.length, before.length + drafts.length);
      assert.equal(after.status, 'waiting');
      const rounds = new Set(after.questions.slice(before.length).map(({ round }) => round));
      assert.equal(rounds.size, 1);
      for (const { round } of before) assert(!rounds.has(round));
    },
  ),
  property(
    'a new file is read back with its questions',
    fc.tuple(anyText, anyDrafts),
    ([title, questions]) => {
      const reading = parseQa(newQa({ title, questions }));
      assert.deepEqual(
        reading.questions.map(({ id }) => id),
        questions.map((_draft, at) => `Q${at + 1}`),
      );
      assert.deepEqual(
        reading.questions.map(({ options }) => options.map(({ text }) => text)),
        questions.map(({ options }) => options.map(oneLine)),
      );
    },
  ),
  property(
    'every answer is parsed, and a parsed one is read back unchanged from the file',
    fc.tuple(
      fc.array(anyText, { maxLength: 6 }),
      fc.oneof(anyText, fc.constantFrom('A', 'a, c', 'AC', 'F', 'B) x', 'bad', 'option b')),
    ),
    ([options, raw]) => {
      const lettered = options.map((text, at) => ({ letter: String.fromCharCode(65 + at), text }));
      const question = { id: 'Q1', round: 1, text: 'x', options: lettered };
      const parsed = parseAnswer(question, raw);
      if (parsed.kind === 'invalid') return;
      assert.deepEqual(parseAnswer(question, answerText(parsed)), parsed);
      const file = writeAnswers(newQa({ title: 'x', questions: [{ text: 'x', options }] }), [
        { id: 'Q1', text: answerText(parsed) },
      ]);
      assert.equal(parseQa(file).questions[0]?.answer, answerText(parsed));
    },
  ),
];
