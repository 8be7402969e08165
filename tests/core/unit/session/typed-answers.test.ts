import { expect, test } from 'vitest';
import { parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { typedAnswers } from '../../../../src/core/session/waits/typed-answers.ts';

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
