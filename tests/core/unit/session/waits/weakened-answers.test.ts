import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../../../src/core/kernel/phases/channels.ts';
import { judgeAnswer } from '../../../../../src/core/session/commands/judge-gates.ts';
import { openQuestions, questionsHash } from '../../../../../src/core/session/documents/qa.ts';
import { newQa, noteUnclear } from '../../../../../src/core/session/documents/qa-change.ts';
import type { ControlQuestion } from '../../../../../src/core/session/events/bodies/positions.ts';
import type { By, Channel } from '../../../../../src/core/session/events/bodies/who-acted.ts';
import type { SessionEvent } from '../../../../../src/core/session/events/events.ts';
import { fold } from '../../../../../src/core/session/events/fold.ts';
import {
  emptyState,
  type SessionState,
  type WaitingStatus,
} from '../../../../../src/core/session/events/state.ts';
import { typedAnswers } from '../../../../../src/core/session/waits/typed-answers.ts';
import { codeOf, since } from '../verdicts.ts';

const QA = newQa({
  title: 'Boats',
  questions: [
    { text: 'Is that meant?', options: ['no', 'yes'] },
    { text: 'Which?', options: ['this', 'that'] },
  ],
});
const waiting: WaitingStatus = {
  ...{ kind: 'waiting', since, for: 'qa_answers', resumePhase: 'quality', unconfirmed: [] },
  openQuestions: ['Q1', 'Q2'],
};
const asks: ControlQuestion[] = [{ kind: 'weakened', question: 'Q1', keys: ['one', 'two'] }];
const STATE: SessionState = { ...emptyState(), status: waiting, asks };

function judged(text: string, by: Channel | By, gateChannels: readonly Channel[] = CHANNELS, id = 'Q1') {
  const facts = { ...openQuestions(QA, STATE), gateChannels };
  const command = {
    hash: questionsHash(facts),
    by: typeof by === 'string' ? { channel: by } : by,
    answers: [{ id, text }],
    acceptSuggestions: false,
    confirmTyped: false,
  };
  return codeOf(judgeAnswer(command, STATE, facts));
}

describe('an acceptance of weakened checks', () => {
  test.each<[Channel, string]>([
    ['cli', 'accepted'],
    ['elicitation', 'person_accepts'],
    ['phone', 'accepted'],
    ['web', 'accepted'],
    ['tool', 'person_accepts'],
    ['file', 'person_accepts'],
  ])('by %s is %s', (channel, outcome) => {
    expect(judged('B', channel)).toBe(outcome);
    expect(judged('yes', channel)).toBe(outcome);
    expect(judged('b: as R2 wants it', channel)).toBe(outcome);
  });

  test('in a tab of the page that no person has confirmed is refused', () => {
    expect(judged('B', { channel: 'web', unconfirmed: true })).toBe('tab_unconfirmed');
    expect(judged('A', { channel: 'web', unconfirmed: true })).toBe('accepted');
  });

  test('any other answer, and any other question, is accepted on every channel', () => {
    expect(['A', 'a, only the first one'].map((text) => judged(text, 'tool'))).toEqual(
      Array(2).fill('accepted'),
    );
    expect(judged('B', 'tool', CHANNELS, 'Q2')).toBe('accepted');
  });

  test('GATE_CHANNELS applies, and a terminal may accept if it names no personal channel', () => {
    expect(judged('B', 'elicitation', ['cli'])).toBe('channel_closed');
    expect(judged('A', 'tool', ['cli'])).toBe('channel_closed');
    expect(judged('B', 'tool', ['tool'])).toBe('person_accepts');
  });

  test('an acceptance typed into the file does not count, which is noted once below it, while a refusal does', () => {
    const given = (answer: string) => QA.replace('_waiting_', answer).replace('_waiting_', 'A');
    const typed = (text: string) => typedAnswers(text, STATE, waiting);
    const { unclear } = typed(given('B')) ?? expect.fail();
    expect(unclear).toMatchObject([{ id: 'Q1', problem: expect.stringContaining('samocode answer') }]);
    const noted = noteUnclear(given('B'), unclear);
    expect(noted).toContain(`**Answer:** B\n\n> Not recorded: ${unclear[0]?.problem}\n`);
    expect(typed(noted)).toBeUndefined();
    expect(typed(given('A'))).toMatchObject({ answers: [{ text: 'A' }, { text: 'A' }], unclear: [] });
  });
});

function answered(state: SessionState, answers: readonly [string, string][], open: string[]): SessionState {
  const given = answers.map(([id, text]) => ({ id, text, choice: text, question: id }));
  const event = {
    type: 'answers_recorded',
    n: 9,
    lease: 1,
    at: since,
    by: { channel: 'cli' },
    answers: given,
    open,
  };
  return fold(state, event as unknown as SessionEvent);
}

describe('the effect of an answer about weakened checks', () => {
  test('after an acceptance, the session continues as planned and remembers what was accepted', () => {
    const half = answered(STATE, [['Q1', 'B']], ['Q2']);
    expect(half.status.kind).toBe('waiting');
    const state = answered(half, [['Q2', 'B']], []);
    expect(state).toMatchObject({ progress: { phase: 'quality' }, acceptedWeakenings: ['one', 'two'] });
  });

  test('the checks on the base may end while it is asked, and a resume may change them', () => {
    const ran = { type: 'checks_ran', n: 8, lease: 1, at: since, set: 'base', in: 'clone', runs: [] };
    const resume = { type: 'resumed', n: 8, lease: 1, at: since, phase: 'quality', checks: ['npm test'] };
    for (const event of [ran, { ...resume, by: { channel: 'cli' }, resetsCounts: false }]) {
      const between = fold(STATE, event as unknown as SessionEvent);
      expect(openQuestions(QA, between).questions[0]?.own, event.type).toBe('weakened');
      const state = answered({ ...between, status: waiting }, [['Q1', 'B']], []);
      expect(state.acceptedWeakenings, event.type).toEqual(['one', 'two']);
    }
  });

  test('after any other answer, the work returns to implementation with the reason', () => {
    const state = answered(
      STATE,
      [
        ['Q1', 'keep one'],
        ['Q2', 'A'],
      ],
      [],
    );
    expect(state.progress.phase).toBe('implementation');
    expect(state.notes).toEqual([
      expect.stringContaining('did not accept the changed checks that Q1 of _qa.md'),
    ]);
    expect(state.acceptedWeakenings).toBeUndefined();
  });

  test('of all answers, only a plain yes accepts', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { acceptedWeakenings } = answered(STATE, [['Q1', text]], []);
        expect(acceptedWeakenings !== undefined).toBe(text === 'B');
      }),
    );
  });
});
