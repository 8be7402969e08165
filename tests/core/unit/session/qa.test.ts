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
import { type Tables, tabled } from '../../../support/film.ts';
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

const ids = (text: string) => parseQa(text).questions.map(({ id }) => id);
const firstAnswer = (text: string) => parseQa(text).questions[0]?.answer;
const OLD = '# Q&A\r\n\r\n### Q1: Which?\r\n- [ ] A) one\r\n- [x] B) two\r\n';
const EMPTY = '### Q1: a\n**Answer:** _waiting_\na note';
const AND = { text: 'And?', options: ['x', 'y'], suggestion: { letters: ['A'], reason: 'z' } };
const withRound = appendRound(setQaStatus(FILE, 'answered'), [AND]);
const oneAnswered = writeAnswers(FILE, [{ id: 'q1', text: 'B' }]);
const bothAnswered = writeAnswers(oneAnswered, [{ id: 'R1Q2', text: 'An hour,\nplease' }]);
const eight = Array.from({ length: 8 }, () => ({ text: 'a', options: ['b', 'c'] }));

const READ: Tables = {
  'JWT, waiting, Q1, Q2: a file is read question by question, and nothing in it is noted': {
    'that is well-formed': parseQa(FILE),
    'its notes': lintQa(parseQa(FILE)),
  },
  'Q1, R2Q1: a restart at Q1 begins a round, with or without a heading': {
    'with a heading': ids(withRound),
    'without one': ids('### Q1: a\n### Q2: b\n### Q1: c\n'),
    'found in other letters': findQuestion(parseQa(withRound).questions, 'r2q1')?.text,
  },
  'A, B: lettered options may have checkboxes': { 'in an old file': parseQa(OLD).questions[0]?.options },
  'B, –: text typed below the answer line belongs to the answer, and a note below an empty one does not': {
    'two lines and a note': firstAnswer('### Q1: a\n**Answer:**\nB, because\nof this\n\nnote'),
    'a note alone': firstAnswer(EMPTY),
    'a note, after an answer was written': firstAnswer(writeAnswers(EMPTY, [{ id: 'Q1', text: 'B' }])),
  },
  'most, options, reason: a round with missing options, no suggestion or too much text is noted': {
    'of eight questions': lintQa(parseQa(newQa({ title: 'x', questions: eight }))),
    'of one option': lintQa(parseQa('### Q1: a\nA) x\n**Suggestion:** B -\n**Answer:** _waiting_')),
  },
  'letters, text, invalid: an answer is parsed': Object.fromEntries(
    [
      ...['b', 'C, a', 'AC', 'A and B', '**B)**', 'B) option b', 'bad'],
      ...['B, but with RS256', 'F', 'A, F', '  '],
    ].map((raw) => [raw, parseAnswer(abcd, raw)]),
  ),
};

const WRITTEN: Tables = {
  'B, answered: an answer replaces its own line, and the status changes with the last one': {
    one: oneAnswered,
    'both, of which one has two lines': bothAnswered,
    'read again': parseQa(bothAnswered).questions[1]?.answer,
  },
  'Round, And: a round is appended under its own heading': {
    'one question': withRound.replace(FILE, '(the file)'),
  },
  'A, answered: a question without an answer line gets one': {
    'in an old file': writeAnswers(OLD, [{ id: 'Q1', text: 'A' }]),
  },
};

test('the hash of a question changes with its text or options, not with its answer', () => {
  const hash = questionHash(abcd);
  expect(questionHash({ ...abcd, answer: 'A' })).toBe(hash);
  expect(questionHash({ ...abcd, text: 'y' })).not.toBe(hash);
  expect(questionHash({ ...abcd, options: abcd.options.slice(1) })).not.toBe(hash);
});

const STATE = emptyState();
const NEVER = { unconfirmed: [] };
const file = (status: string, one: string, two: string) =>
  `# Q&A: boats\nStatus: ${status}\n\n### Q1: Which?\nA) all\nB) some\n**Answer:** ${one}\n\n### Q2: Why?\n**Answer:** ${two}\n`;

const text = file('answered', 'B', 'so');
const [which = expect.fail()] = parseQa(text).questions;
const parkedWith = { unconfirmed: [{ id: 'Q1', question: questionHash(which), text: 'B' }] };

const TYPED: Tables = {
  'answers, isMarkedAnswered, –: typed answers are reported only once no question is open': {
    'one is open': typedAnswers(file('waiting', 'B', '_waiting_'), STATE, NEVER),
    'one is open, and it is marked as answered': typedAnswers(
      file('answered', '_waiting_', 'so'),
      STATE,
      NEVER,
    ),
    'none is open': typedAnswers(file('waiting', 'b', 'so'), STATE, NEVER),
    'none is open, and it is marked': typedAnswers(text, STATE, NEVER),
    'there are no questions': typedAnswers('# Q&A: boats\nStatus: answered\n', STATE, NEVER),
  },
  '–, answers: an answer recorded before the session waited is not reported as typed': {
    'the same': typedAnswers(text, STATE, parkedWith),
    'another one': typedAnswers(file('answered', 'A', 'so'), STATE, parkedWith),
  },
};

test('questions and answers are read and written as these films show', async () => {
  await expect(tabled({ ...READ, ...WRITTEN, ...TYPED })).toMatchFileSnapshot('../../../golden/films/qa.txt');
});
