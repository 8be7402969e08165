import { expect, test } from 'vitest';
import type { ProvedRequirement } from '../../../../src/core/kernel/phases/decision.ts';
import type { CheckRun } from '../../../../src/core/kernel/phases/proving.ts';
import type { By } from '../../../../src/core/session/events/bodies/who-acted.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { makeProof } from '../../../../src/core/session/proof/make-proof.ts';
import { describeGates, proofFact } from '../../../../src/core/session/words/facts.ts';
import { proofLine } from '../../../../src/core/session/words/words.ts';
import { checkRun, provedEvents } from '../../../support/proved-events.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const model: By = { channel: 'tool', client: 'codex' };
const person: By = { channel: 'elicitation', client: 'claude-code' };
const atStart: By = { channel: 'cli', atStart: true };
const answer = (id: string, by: By) => ({ id, question: 'q', text: 'A', by, at: '2026-01-08T10:00:00.000Z' });
const plan = (by: By) => ({ name: 'plan.md', hash: 'h', by });

test.each([
  ['no act', [], undefined, undefined],
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

const RED: CheckRun = checkRun({ command: 'make lint', exitCode: 1, how: 'exit status 1', redBefore: true });
const LEDGER: ProvedRequirement[] = [
  { id: 'R1', text: 'Boats have names', check: 'npm test' },
  { id: 'R2', text: 'The names are short', check: 'reviewed' },
];

interface Done {
  runs?: CheckRun[];
  requirements?: ProvedRequirement[];
  checks?: string[];
  in?: 'worktree';
}

function textOf({ runs, requirements, checks = ['npm test'], in: place = 'clone' as never }: Done) {
  const file = sessionFileSample();
  const proving = { ...file.settings.proving, in: place };
  const sessionFile = { ...file, settings: { ...file.settings, checks, proving } };
  const events = provedEvents({ ofFile: sessionFile, requirements, ...(runs && { runs }) });
  return {
    events,
    sessionFile,
    text: proofLine(proofFact({ state: events.reduce(fold, emptyState()), sessionFile })),
  };
}

test.each<[string, Done, string]>([
  [
    'checks and requirements',
    { runs: [checkRun(), checkRun({ command: 'make lint' })], requirements: LEDGER },
    'yes: 2 checks on a fresh clone, 2 of 2 requirements (1 by review)',
  ],
  ['a check in the worktree', { in: 'worktree' }, "yes: 1 check in the agent's folder"],
  [
    'a check that was red before',
    { runs: [checkRun(), RED], requirements: [...LEDGER, { id: 'R3', text: 'x', check: 'make lint' }] },
    'partly: red before, red after: `make lint`; 1 check on a fresh clone, 2 of 3 requirements (1 by review)',
  ],
  [
    'a plan in a project without CHECK',
    { requirements: LEDGER, checks: [] },
    "partly: only the plan's own checks: this project has no CHECK; 1 check on a fresh clone, 2 of 2 requirements (1 by review)",
  ],
  [
    'a check that failed',
    { runs: [checkRun({ exitCode: 1, how: 'exit status 1' })] },
    'no: no passing checks on its last commit',
  ],
])('the proof of a done session with %s is one line', (_what, done, words) => {
  const { text, events } = textOf(done);
  expect(text).toBe(words);
  expect(makeProof(events)?.checks === undefined).toBe(words.startsWith('no:'));
});

test('a session without checks has no proof, and before done nothing is said of one', () => {
  const { events, sessionFile } = textOf({ checks: [] });
  const unchecked = events.filter(({ type }) => type !== 'checks_ran').reduce(fold, emptyState());
  expect(proofLine(proofFact({ state: unchecked, sessionFile }))).toBe('no: no checks are set');
  const working = events.filter(({ type }) => type !== 'done').reduce(fold, emptyState());
  expect(proofFact({ state: working, sessionFile })).toBeUndefined();
});
