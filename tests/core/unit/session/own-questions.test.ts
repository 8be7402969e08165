import { expect, test } from 'vitest';
import { judgeAnswer } from '../../../../src/core/session/commands/judge-gates.ts';
import {
  openQuestions,
  parseQa,
  questionHash,
  questionsHash,
} from '../../../../src/core/session/documents/qa.ts';
import { newQa, noteUnclear } from '../../../../src/core/session/documents/qa-change.ts';
import type {
  ControlQuestion,
  RecordedAnswer,
} from '../../../../src/core/session/events/bodies/positions.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import {
  emptyState,
  type SessionState,
  type WaitingStatus,
} from '../../../../src/core/session/events/state.ts';
import { typedAnswers } from '../../../../src/core/session/waits/typed-answers.ts';
import { since } from './verdicts.ts';

const QA = newQa({
  title: 'Boats',
  questions: [
    { text: '`npm test` fails before any work. What should happen?', options: ['make it green', 'continue'] },
  ],
});
const [asked = expect.fail()] = parseQa(QA).questions;
const waiting: WaitingStatus = {
  ...{ kind: 'waiting', since, for: 'qa_answers', resumePhase: 'planning', unconfirmed: [] },
  openQuestions: ['Q1'],
};
const STATE: SessionState = {
  ...emptyState(),
  status: waiting,
  asks: [{ kind: 'red_base', question: questionHash(asked), keys: [] }],
  baseChecks: { commit: 'c', failed: [] } as never,
};

function judged(text: string, confirmTyped = false) {
  const qa = confirmTyped ? QA.replace('_waiting_', text) : QA;
  const facts = { ...openQuestions(qa, STATE), gateChannels: ['cli'] as const };
  const answers = confirmTyped ? [] : [{ id: 'Q1', text }];
  const verdict = judgeAnswer(
    { hash: questionsHash(facts), by: { channel: 'cli' }, answers, acceptSuggestions: false, confirmTyped },
    STATE,
    facts,
  );
  if (verdict.kind === 'refused') return verdict.error.code;
  return verdict.answers.map((answer) => [answer.choice, answer.text]);
}

function choiceAfter(answer: RecordedAnswer) {
  const event = {
    type: 'answers_recorded',
    n: 9,
    lease: 1,
    at: since,
    by: { channel: 'cli' },
    answers: [answer],
    open: [],
  };
  return fold(STATE, event as never).baseChecks?.choice;
}

test.for([
  ['B', 'B', 'B'],
  ['b.', 'B', 'B'],
  ['continue', 'B', 'B'],
  ['B) continue', 'B', 'B'],
  ['option A', 'A', 'A'],
  ['B, that is intended', 'B', 'B, that is intended'],
  ['b: as it was', 'B', 'B, as it was'],
  ['A) and look at the log', 'A', 'A, and look at the log'],
  ['B - it is not needed', 'B', 'B, it is not needed'],
  ['B<br>that is intended', 'B', 'B, that is intended'],
] as const)('the answer "%s" to a question of samocode chooses %s', ([text, choice, recorded]) => {
  expect(judged(text)).toEqual([[choice, recorded]]);
  expect(judged(text, true)).toEqual([[choice, recorded]]);
  const answer = { id: 'Q1', question: questionHash(asked), text: recorded, choice };
  expect(choiceAfter(answer)).toBe(choice === 'B' ? 'leave' : 'fix');
});

test.for([
  'B that is intended',
  'A or B',
  'A, B',
  'not B',
  'yes',
  'leave it',
  'C',
  'C, really',
  'Because of B',
  'B?',
])('the answer "%s" to a question of samocode chooses nothing, and nothing is recorded', (text) => {
  expect(judged(text)).toBe('answer_not_understood');
  expect(judged(text, true)).toBe('answer_not_understood');
});

test('an unclear answer in the file is noted once below it, and counts once it begins with a letter', () => {
  const typed = (text: string) => typedAnswers(text, STATE, waiting);
  const unclear = QA.replace('_waiting_', 'B that is intended');
  const found = typed(unclear) ?? expect.fail();
  expect(found).toMatchObject({ answers: [], unclear: [{ id: 'Q1' }] });
  const noted = noteUnclear(unclear, found.unclear);
  expect(noted).toContain(
    '\n**Answer:** B that is intended\n\n> Not recorded: "B that is intended" does not say which option it means. Q1 takes one letter, A or B, alone or before a comma and a note.',
  );
  expect(typed(noted)).toBeUndefined();
  expect(noteUnclear(noted, found.unclear)).toBe(noted);
  expect(typed(noted.replace('**Answer:** B that', '**Answer:** B, that'))).toMatchObject({
    answers: [{ choice: 'B', text: 'B, that is intended' }],
    unclear: [],
  });
});

test.for([
  ['B, that is the same', 'leave'],
  ['A', 'fix'],
] as const)(
  'the answer "%s" about a failure unlike that of the base is "%s" for this failure alone',
  ([text, choice]) => {
    const of = { how: 'exit status 3', onBranch: 'x', onBase: 'y' };
    const others = [
      { ...of, command: 'npm test', key: 'k' },
      { ...of, command: 'npm run lint', key: 'l' },
    ];
    const base = { result: 'red', failed: [], choice: 'leave', others } as const;
    const asks: ControlQuestion[] = [
      { kind: 'other_failure', question: questionHash(asked), keys: ['npm test'] },
      { kind: 'other_failure', question: 'another', keys: ['npm run lint'] },
    ];
    const state: SessionState = { ...STATE, asks, baseChecks: base as never };
    const { questions, open } = openQuestions(QA, state);
    expect(questions).toMatchObject([{ id: 'Q1', own: 'other_failure' }]);
    expect(open).toEqual(['Q1']);
    const [answer = expect.fail()] =
      typedAnswers(QA.replace('_waiting_', text), state, waiting)?.answers ?? [];
    const event = { type: 'answers_recorded', n: 9, lease: 1, at: since, by: { channel: 'cli' } };
    const after = fold(state, { ...event, answers: [answer], open: [] } as never).baseChecks;
    expect(after?.choice).toBe('leave');
    expect(after?.others?.map((each) => each.choice)).toEqual([choice, undefined]);
  },
);
