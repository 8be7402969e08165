import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  asPlan,
  checksOfPlan,
  commandLines,
  isAsGiven,
  ledgerOfPlan,
} from '../../../../src/core/session/documents/as-plan.ts';
import {
  asGivenLines,
  boxesIn,
  coverageLines,
  notSteps,
} from '../../../../src/core/session/documents/given-plan.ts';
import { parsePlan, planHash } from '../../../../src/core/session/documents/plan.ts';
import { parseLedger, withLedger } from '../../../../src/core/session/documents/requirements.ts';
import { documentOf } from '../../properties/texts.ts';

const recorded = (name: string) => readFileSync(`tests/fixtures/given-plans/${name}.md`, 'utf8');
const given = (text: string) => ({ name: 'tasks.md', hash: 'ab12'.repeat(16), text });

const FLAT = '- [ ] one\n- [x] two\n- [ ] three\n';
const DECK = '# Deck\n\n- [ ] sweep\n\n## Paint\n\n- [ ] blue\n\n## Notes\n\n### Later\n\n- [ ] varnish\n';

test.each([
  [
    'a tasks.md of spec-kit keeps its phases',
    recorded('spec-kit-tasks'),
    [
      '1 Setup (Shared Infrastructure): 2',
      '2 Foundational (Blocking Prerequisites): 1',
      '3 User Story 1 - Register a boat (Priority: P1) 🎯 MVP: 3',
      '4 User Story 2 - List boats (Priority: P2): 1',
      '5 Polish & Cross-Cutting Concerns: 1',
    ],
  ],
  [
    'each task of ralphex becomes a phase',
    recorded('ralphex-plan'),
    ['1 Task 1: Add the cache: 4', '2 Task 2: Use it in the client: 3'],
  ],
  ['the tasks of a BMAD story become one', recorded('bmad-story'), ['1 Tasks / Subtasks: 8']],
  ['a flat list becomes one', FLAT, ['1 All steps: 3']],
  [
    'boxes below the title and in the notes become phases, too',
    DECK,
    ['1 Deck: 1', '2 Paint: 1', '3 Later: 1'],
  ],
])('%s', (_, text, phases) => {
  const plan = asPlan(text);
  expect(
    parsePlan(plan).phases.map(({ number, name, steps }) => `${number} ${name}: ${steps.total}`),
  ).toEqual(phases);
  expect(notSteps(plan)).toEqual([]);
});

test('a plan with phases stays byte for byte, and its boxes outside of them are named', () => {
  const text = `\uFEFF# P\r\n\r\n- [ ] ask Ann\r\n\r\n${recorded('spec-kit-tasks')}\r\n## Acceptance\r\n- [ ] deployed\r\n`;
  expect(asPlan(text)).toBe(text);
  expect(asGivenLines(given(text), asPlan(text))).toEqual([
    `The plan is tasks.md (SHA-256 ab12ab12ab12), as it was given; open boxes: 8 of 10`,
    'Not steps, because they are in no phase: [B1] ask Ann; [B10] deployed',
  ]);
});

const anyPlan = documentOf([
  '# T',
  '## A',
  '### B',
  '#### C ##',
  '## Phase two',
  '## Notes',
  '# Phase 1: title',
  '- [ ] x',
  '- [x] y',
  '  - [ ] z',
  '<!--',
  '-->',
  '- ```',
  'text',
]);

test('every box is a step of exactly one phase, or in no phase of text that has phases', () => {
  fc.assert(
    fc.property(anyPlan, (text) => {
      const plan = asPlan(text);
      const boxes = boxesIn(plan);
      const steps = parsePlan(plan).phases.reduce((sum, { steps: { total } }) => sum + total, 0);
      expect(boxes.map(({ text: words }) => words)).toEqual(boxesIn(text).map(({ text: words }) => words));
      expect(steps + notSteps(plan).length).toBe(boxes.length);
      expect(asPlan(plan)).toBe(plan);
      const hadPhases = parsePlan(text).phases.length > 0;
      if (hadPhases) expect(plan).toBe(text);
      else expect(notSteps(plan)).toEqual([]);
    }),
    { numRuns: 3000 },
  );
});

const CHECKED = `# Boats

## Names

Check: \`npm test\`

- [ ] name every boat

## Colours

Check: look at them

- [ ] paint

## Sails

- **Check:** \`./sail --dry | grep "a\`b"\`
- [ ] hoist

## Rudder

Check: \`./rudder\`

- [ ] turn
`;

test('a check that is code becomes a requirement with the name of its phase', () => {
  expect(checksOfPlan(CHECKED)).toEqual({
    requirements: [
      { id: 'R1', text: 'Names', check: 'npm test' },
      { id: 'R2', text: 'Rudder', check: './rudder' },
    ],
    problems: [],
  });
  const ledger = ledgerOfPlan(CHECKED);
  expect(parseLedger(ledger ?? '')).toMatchObject({ kind: 'ledger' });
  expect(commandLines(asPlan(CHECKED), ledger)).toEqual(['R1 will run `npm test`', 'R2 will run `./rudder`']);
  // A person who edits the plan at the gate has not edited the ledger.
  expect(commandLines(asPlan(CHECKED).replace('./rudder', './keel'), ledger)).toEqual([
    'R1 will run `npm test`',
    'R2 will run `./rudder`',
    'Phase 4 will run `./keel`',
  ]);
  expect(ledgerOfPlan(FLAT)).toBeUndefined();
});

test('what a command of a phase hides is shown as it is in a line of .samocode', () => {
  const text = asPlan(`## A\nCheck: \`npm test${' '.repeat(400)}; sh\u3000x\`\n- [ ] a\n`);
  expect(commandLines(text, undefined)).toEqual(['Phase 1 will run `npm test [400 blanks] ; sh\\u3000x`']);
});

test.each([
  ['is too long to be shown whole', `## A\nCheck: \`${'x'.repeat(1001)}\`\n- [ ] a\n`],
  ['has hidden characters', '## A\nCheck: `npm\u200btest`\n- [ ] a\n'],
  ['have a blank that is none', '## A\nCheck: `npm\u00a0test`\n- [ ] a\n'],
  ['hide their end behind blanks', `## A\nCheck: \`npm test${' '.repeat(400)}; sh x\`\n- [ ] a\n`],
  ['are too many', '## A\nCheck: `x`\n- [ ] a\n'.repeat(101)],
  ['are too long together', `## A\nCheck: \`${'x'.repeat(400)}\`\n- [ ] a\n`.repeat(21)],
])('commands that %s are a problem', (_, text) => {
  expect(checksOfPlan(text).problems).toHaveLength(1);
});

test('every command of a ledger that a plan gives is shown whole', () => {
  const command = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 4 }), (commands) => {
      const text = commands.map((each, at) => `## A${at}\nCheck: \`${each}\`\n- [ ] a\n`).join('\n');
      const { requirements, problems } = checksOfPlan(text);
      if (problems.length > 0) return;
      const shown = commandLines(asPlan(text), ledgerOfPlan(text)).join('\n');
      for (const { check } of requirements) expect(shown).toContain(check);
      expect(requirements.length).toBe(parsePlan(asPlan(text)).phases.filter((each) => each.command).length);
    }),
  );
});

test('the plan counts as given with its boxes ticked, and no longer once a step or a check is another', () => {
  const hashOf = (plan: string) => planHash(withLedger(plan, ledgerOfPlan(CHECKED)));
  const plan = asPlan(CHECKED);
  expect(isAsGiven(given(CHECKED), hashOf(plan.replaceAll('[ ]', '[x]')))).toBe(true);
  expect(isAsGiven(given(CHECKED), hashOf(plan.replace('paint', 'varnish')))).toBe(false);
  expect(isAsGiven(given(CHECKED), planHash(plan))).toBe(false);
});

test('a box that an agent takes out of a given plan is named as one without a step', () => {
  const text = '## Do\n- [ ] test\n- [ ] build\n- [ ] test\n- [ ] deploy\n';
  const plan = asPlan(text);
  expect(coverageLines(given(text), plan)).toEqual(['Open boxes of tasks.md with a step: 4 of 4']);
  expect(
    coverageLines(given(text), plan.replace('- [ ] deploy', 'deploy').replace('- [ ] test\n', '')),
  ).toEqual(['Open boxes of tasks.md with a step: 2 of 4', 'Boxes without a step: [B3] test; [B4] deploy']);
});
