import { expect, test } from 'vitest';
import { parseAnswer, parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import { findQuestion } from '../../../../src/core/session/documents/qa-blocks.ts';
import {
  appendRound,
  newQa,
  setQaStatus,
  writeAnswers,
} from '../../../../src/core/session/documents/qa-change.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { typedAnswers } from '../../../../src/core/session/waits/typed-answers.ts';
import { lintQa } from '../../../support/lint-qa.ts';
import { qaProperties } from '../../properties/qa.ts';

const FILE = `# Q&A: JWT
Status: waiting

### Q1: Which algorithm?
It decides the key handling.
A) HS256
B) RS256
**Suggestion:** B - keys stay apart
**Answer:** _waiting_

---

### Q2: How long do tokens live?
A) 15 minutes
B) a day
**Suggestion:** A - short is safe
**Answer:** _waiting_
`;

const question = {
  id: 'Q1',
  round: 1,
  text: 'x',
  options: [] as { letter: string; text: string }[],
};
const abcd = { ...question, options: [...'ABCD'].map((letter) => ({ letter, text: `option ${letter}` })) };

for (const property of qaProperties) test(property.name, () => property.run(300));

test('a well-formed file is read question by question', () => {
  const reading = parseQa(FILE);
  expect(reading).toMatchObject({ title: 'JWT', status: 'waiting', problems: [] });
  expect(reading.questions).toEqual([
    {
      id: 'Q1',
      round: 1,
      text: 'Which algorithm?\nIt decides the key handling.',
      options: [
        { letter: 'A', text: 'HS256' },
        { letter: 'B', text: 'RS256' },
      ],
      suggestion: { letters: ['B'], reason: 'keys stay apart' },
    },
    {
      id: 'Q2',
      round: 1,
      text: 'How long do tokens live?',
      options: [
        { letter: 'A', text: '15 minutes' },
        { letter: 'B', text: 'a day' },
      ],
      suggestion: { letters: ['A'], reason: 'short is safe' },
    },
  ]);
  expect(lintQa(reading)).toEqual([]);
});

test('an answer replaces its own line, and the status changes with the last one', () => {
  const one = writeAnswers(FILE, [{ id: 'q1', text: 'B' }]);
  expect(one).toBe(FILE.replace('**Answer:** _waiting_', '**Answer:** B'));
  const both = writeAnswers(one, [{ id: 'R1Q2', text: 'An hour,\nplease' }]);
  expect(both).toContain('Status: answered\n');
  expect(parseQa(both).questions[1]?.answer).toBe('An hour,\nplease');
});

test('a round is appended under its own heading, and its ids carry its number', () => {
  const answered = setQaStatus(FILE, 'answered');
  const after = appendRound(answered, [
    { text: 'And?', options: ['x', 'y'], suggestion: { letters: ['A'], reason: 'z' } },
  ]);
  expect(after).toBe(
    `${FILE}\n## Round 2\n\n### Q1: And?\nA) x\nB) y\n**Suggestion:** A - z\n**Answer:** _waiting_\n`,
  );
  expect(parseQa(after).questions.map(({ id }) => id)).toEqual(['Q1', 'Q2', 'R2Q1']);
  expect(findQuestion(parseQa(after).questions, 'r2q1')?.text).toBe('And?');
});

test('a restart at Q1 begins a round without a heading', () => {
  expect(parseQa('### Q1: a\n### Q2: b\n### Q1: c\n').questions.map(({ id }) => id)).toEqual([
    'Q1',
    'Q2',
    'R2Q1',
  ]);
});

test('lettered options may have checkboxes, and a question without an answer line gets one', () => {
  const old = '# Q&A\r\n\r\n### Q1: Which?\r\n- [ ] A) one\r\n- [x] B) two\r\n';
  expect(parseQa(old).questions[0]?.options.map(({ letter }) => letter)).toEqual(['A', 'B']);
  expect(writeAnswers(old, [{ id: 'Q1', text: 'A' }])).toBe(
    old.replace('# Q&A\r\n', '# Q&A\r\nStatus: answered\r\n').replace('two\r\n', 'two\r\n**Answer:** A\r\n'),
  );
});

test('text typed below the answer line belongs to the answer', () => {
  expect(parseQa('### Q1: a\n**Answer:**\nB, because\nof this\n\nnote').questions[0]?.answer).toBe(
    'B, because\nof this',
  );
  expect(parseQa('### Q1: a\n**Answer:** _waiting_\na note').questions[0]?.answer).toBeUndefined();
});

test('a note below an empty answer does not become part of the answer', () => {
  const after = writeAnswers('### Q1: a\n**Answer:** _waiting_\na note', [{ id: 'Q1', text: 'B' }]);
  expect(parseQa(after).questions[0]?.answer).toBe('B');
});

test.each([
  ['b', { kind: 'letters', letters: ['B'] }],
  ['C, a', { kind: 'letters', letters: ['A', 'C'] }],
  ['AC', { kind: 'letters', letters: ['A', 'C'] }],
  ['A and B', { kind: 'letters', letters: ['A', 'B'] }],
  ['**B)**', { kind: 'letters', letters: ['B'] }],
  ['B) option b', { kind: 'letters', letters: ['B'] }],
  ['bad', { kind: 'text', text: 'bad' }],
  ['B, but with RS256', { kind: 'text', text: 'B, but with RS256' }],
  ['F', { kind: 'invalid', problem: 'Q1 has no option F. Its options are A, B, C, D.' }],
  ['A, F', { kind: 'invalid', problem: 'Q1 has no option F. Its options are A, B, C, D.' }],
  ['  ', { kind: 'invalid', problem: 'The answer to Q1 is empty.' }],
])('the answer %j is parsed', (raw, expected) => {
  expect(parseAnswer(abcd, raw)).toEqual(expected);
});

test('the hash of a question changes with its text or options, not with its answer', () => {
  const hash = questionHash(abcd);
  expect(questionHash({ ...abcd, answer: 'A' })).toBe(hash);
  expect(questionHash({ ...abcd, text: 'y' })).not.toBe(hash);
  expect(questionHash({ ...abcd, options: abcd.options.slice(1) })).not.toBe(hash);
});

test('a round with missing options, no suggestion or too much text is noted', () => {
  const many = newQa({
    title: 'x',
    questions: Array.from({ length: 8 }, () => ({ text: 'a', options: ['b', 'c'] })),
  });
  expect(lintQa(parseQa(many))).toContain('Round 1 asks 8 questions; 7 are the most.');
  expect(lintQa(parseQa('### Q1: a\nA) x\n**Suggestion:** B -\n**Answer:** _waiting_'))).toEqual([
    'Q1 has 1 options; it should have 2 to 5.',
    'The suggestion of Q1 names an option that is not there.',
    'The suggestion of Q1 has no reason.',
  ]);
});

const STATE = emptyState();
const NEVER = { unconfirmed: [] };
const file = (status: string, one: string, two: string) =>
  `# Q&A: boats\nStatus: ${status}\n\n### Q1: Which?\nA) all\nB) some\n**Answer:** ${one}\n\n### Q2: Why?\n**Answer:** ${two}\n`;

test('typed answers are reported only once no question is open', () => {
  expect(typedAnswers(file('waiting', 'B', '_waiting_'), STATE, NEVER)).toBeUndefined();
  expect(typedAnswers(file('answered', '_waiting_', 'so'), STATE, NEVER)).toBeUndefined();
  expect(typedAnswers(file('waiting', 'b', 'so'), STATE, NEVER)).toMatchObject({
    answers: [
      { id: 'Q1', text: 'B' },
      { id: 'Q2', text: 'so' },
    ],
    isMarkedAnswered: false,
  });
  expect(typedAnswers(file('answered', 'B', 'so'), STATE, NEVER)).toMatchObject({ isMarkedAnswered: true });
});

test('an answer recorded before the session waited is not reported as typed', () => {
  const text = file('answered', 'B', 'so');
  const [question] = parseQa(text).questions;
  if (question === undefined) throw new Error('There is no question.');
  const parkedWith = { unconfirmed: [{ id: 'Q1', question: questionHash(question), text: 'B' }] };
  expect(typedAnswers(text, STATE, parkedWith)).toBeUndefined();
  expect(typedAnswers(file('answered', 'A', 'so'), STATE, parkedWith)).toBeDefined();
});

test('with no open questions, no answers are reported as typed', () => {
  expect(typedAnswers('# Q&A: boats\nStatus: answered\n', STATE, NEVER)).toBeUndefined();
});
