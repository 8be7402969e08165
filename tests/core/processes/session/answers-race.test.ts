// @module-tag ci
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import { judgeAnswer } from '../../../../src/core/session/commands/judge-gates.ts';
import { openQuestions } from '../../../../src/core/session/documents/qa.ts';
import { newQa } from '../../../../src/core/session/documents/qa-change.ts';
import { type By, isPersonal } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { CREATED, numbered, PREPARED } from '../../unit/session/events.ts';

const QA = newQa({
  title: 'Boats',
  questions: ['Which?', 'When?', 'Why?'].map((text) => ({ text, options: ['this', 'that', 'other'] })),
});
const IDS = ['Q1', 'Q2', 'Q3'];
const ASKED: NewEvent = {
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'planning', openQuestions: IDS, unconfirmed: [] },
};

const anybody = fc.constantFrom<By>(
  { channel: 'tool', client: 'claude-code' },
  { channel: 'tool', client: 'codex' },
  { channel: 'elicitation', client: 'claude-code' },
  { channel: 'cli' },
  { channel: 'phone' },
);
const answers = fc.dictionary(fc.constantFrom(...IDS), fc.constantFrom('A', 'B', 'C'), { minKeys: 1 });
const acts = fc.array(fc.record({ by: anybody, answers }), { minLength: 2, maxLength: 8 });

const next = (state: SessionState, event: NewEvent): SessionState =>
  numbered([event], { after: state.n }).reduce(fold, state);

test('in any sequence of answers, one is replaced by nobody, and each refusal quotes the first answer', () => {
  fc.assert(
    fc.property(acts, (all) => {
      let state = [CREATED, PREPARED, ASKED].reduce(next, emptyState());
      for (const act of all) {
        const facts = { ...openQuestions(QA, state), gateChannels: CHANNELS };
        const given = Object.entries(act.answers).map(([id, text]) => ({ id, text }));
        const command = { by: act.by, answers: given, acceptSuggestions: false, confirmTyped: false };
        const verdict = judgeAnswer(command, state, facts);
        const before = new Map(state.answers.map((answer) => [answer.id, answer]));
        if (verdict.kind === 'refused') {
          const taken = given.flatMap(({ id }) => before.get(id) ?? []);
          for (const { by: _by, ...answer } of taken.filter(({ id, text }) => act.answers[id] !== text))
            if (verdict.error.code === 'already_answered' && !isPersonal(act.by))
              expect(verdict.error.why).toContain(`${answer.id} was answered first with "${answer.text}"`);
          continue;
        }
        const { answers: recorded, replaced = [], open } = verdict;
        for (const { id, text } of recorded) {
          const earlier = before.get(id);
          if (earlier === undefined) continue;
          expect(replaced).toContainEqual(earlier);
          expect(earlier.text).not.toBe(text);
          expect(isPersonal(act.by)).toBe(true);
          expect(earlier.by).toEqual(act.by);
        }
        state = next(state, { type: 'answers_recorded', by: act.by, answers: recorded, replaced, open });
      }
    }),
    { numRuns: 1000 },
  );
});
