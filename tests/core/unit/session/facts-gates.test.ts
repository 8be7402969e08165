import { expect, test } from 'vitest';
import type { By } from '../../../../src/core/session/events/bodies/who-acted.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { describeGates } from '../../../../src/core/session/words/facts.ts';

const model: By = { channel: 'tool', client: 'codex' };
const person: By = { channel: 'elicitation', client: 'claude-code' };
const atStart: By = { channel: 'cli', atStart: true };
const answer = (id: string, by: By) => ({ id, question: 'q', text: 'A', by, at: '2026-01-08T10:00:00.000Z' });
const plan = (by: By) => ({ name: 'plan.md', hash: 'h', by });

test.each([
  ['nobody', [], undefined, undefined],
  ['one model for both', [model], model, 'answers and plan by the parent model alone (codex)'],
  [
    'a person, then a model',
    [person],
    model,
    'answers by a person or a program, in a form (claude-code); plan by the parent model alone (codex)',
  ],
  [
    'two people, and a choice made at the start',
    [model, person],
    atStart,
    'answers by the parent model alone (codex) and a person or a program, in a form (claude-code); plan by a person, in the terminal, by a choice made at the start',
  ],
  [
    'two machines of a pool',
    [{ ...person, person: 'anna' }],
    { ...model, person: 'ben' },
    'answers by a person or a program, in a form (claude-code) of anna; plan by the parent model alone (codex) of ben',
  ],
])('the gates are reported as opened by %s', (_who, answered, approved, words) => {
  const answers = answered.map((by, index) => answer(`Q${index + 1}`, by));
  expect(describeGates({ ...emptyState(), answers, approvedPlan: approved && plan(approved) })).toBe(words);
});
