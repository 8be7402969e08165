import { describe, expect, test } from 'vitest';
import type { Gate } from '../../../../src/core/kernel/phases/table.ts';
import { parseQa } from '../../../../src/core/session/documents/qa.ts';
import { continuationOf, placeOf } from '../../../../src/extensions/import/unimported-folder.ts';
import { folderProperties } from '../folder-properties.ts';

for (const property of folderProperties) test(property.name, () => property.run(300));

const { questions } = parseQa('# Q&A: boat\n\n### Q1: Which?\nA) this\nB) that\n**Answer:** _waiting_\n');
const PLAN = '01-08-1000-plan-boat.md';
const BOTH: Gate[] = ['qa', 'plan'];

interface Row {
  phase: string;
  /** Lines below the phase in the overview. */
  status?: string;
  signal?: string;
  plan?: true;
  asks?: true;
  gates?: Gate[];
}

function decision({ phase, status = '', signal, plan, asks, gates = BOTH }: Row) {
  const overview = `# Session: boat\n\n## Status\nPhase: ${phase}\n${status}`;
  const facts = { overview, signal, fileNames: plan ? [PLAN] : [], questions: asks ? questions : [] };
  const place = placeOf(facts, 'boat');
  return place && continuationOf(place, facts, { folder: 'boat', gates });
}

const approval = (resumePhase: string, more = {}) => ({
  kind: 'park',
  for: 'plan_approval',
  resumePhase,
  ...more,
});
const answers = (resumePhase: string, more = {}) => ({
  kind: 'park',
  for: 'qa_answers',
  resumePhase,
  ...more,
});

describe('a folder without records continues', () => {
  test.each<[string, Row, object]>([
    [
      'at its questions',
      { phase: 'planning', asks: true, signal: '{"status":"waiting","for":"qa_answers"}' },
      answers('planning', { reason: undefined }),
    ],
    [
      'at its plan, if only its overview says that it waits',
      { phase: 'planning', plan: true, status: 'Blocked: waiting_human\n' },
      approval('implementation', { reason: undefined }),
    ],
    [
      'at its plan, if its agent named the next phase while it waited',
      { phase: 'implementation', plan: true, signal: '{"status":"waiting","for":"plan_approval"}' },
      approval('implementation', { reason: undefined }),
    ],
    [
      'at its plan, if implementation asked a question',
      { phase: 'implementation', plan: true, asks: true, signal: '{"status":"waiting","for":"qa_answers"}' },
      approval('implementation'),
    ],
    [
      'with what it asked of a person',
      {
        phase: 'testing',
        plan: true,
        signal: '{"status":"waiting","for":"human_action","reason":"Plug it in"}',
      },
      approval('testing', { reason: expect.stringMatching(/^It was waiting: Plug it in\n/) }),
    ],
    [
      'with the reason of its block',
      { phase: 'testing', plan: true, status: 'Blocked: yes\nLast Action: Gave up\n' },
      approval('testing', { reason: expect.stringMatching(/^It was blocked: Gave up\n/) }),
    ],
    [
      'in phase done, if its last signal moved to it',
      { phase: 'done', plan: true, signal: '{"status":"continue","phase":"done"}' },
      approval('done'),
    ],
    ['in phase done, if its last agent wrote no signal', { phase: 'done', signal: '{}' }, approval('done')],
    ['as done, if its signal says so', { phase: 'done', signal: '{"status":"done"}' }, { kind: 'done' }],
    ['as done, if only the overview remains', { phase: 'done' }, { kind: 'done' }],
    ['with an investigation before both gates', { phase: 'init' }, { kind: 'run', phase: 'investigation' }],
    [
      'at its answers, if GATES has no plan',
      { phase: 'implementation', plan: true, gates: ['qa'] },
      answers('implementation'),
    ],
    [
      'with its work, if the settings open both gates and it has no plan',
      { phase: 'testing', gates: [] },
      { kind: 'run', phase: 'testing' },
    ],
  ])('%s', (_, row, expected) => {
    expect(decision(row)).toMatchObject(expected);
  });

  test('nowhere that is guessed, if its overview names no known phase', () => {
    expect(decision({ phase: 'pr-readiness', plan: true })).toBeUndefined();
  });
});
