import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boxesIn } from '../../../../src/core/session/documents/given-plan.ts';
import { parseMarkdown } from '../../../../src/core/session/documents/markdown-lines.ts';
import {
  currentPlanOf,
  isPlanOf,
  parsePlan,
  planChanges,
  planHash,
} from '../../../../src/core/session/documents/plan.ts';
import { planProperties } from '../../properties/plan.ts';
import { documentOf } from '../../properties/texts.ts';

const PLAN = `# Plan: JWT
Created: 2026-01-08 14:37

## Task Definition
Add JWT.

## Requirements
- [ ] tokens expire

## Implementation Phases

### Phase 1: keys
Files: src/keys.ts, \`src/load.ts\`
Check: \`npm test -- keys\`
- [x] load them
- [x] rotate them

### Phase 2: login
- [x] sign
- [ ] verify

## Notes
- first note
`;

for (const property of planProperties) test(property.name, () => property.run(300));

test('a well-formed plan is read phase by phase', () => {
  expect(parsePlan(PLAN)).toMatchObject({
    title: 'JWT',
    phases: [
      {
        number: 1,
        name: 'keys',
        files: ['src/keys.ts', 'src/load.ts'],
        check: 'npm test -- keys',
        command: 'npm test -- keys',
        steps: { done: 2, total: 2 },
        completed: true,
      },
      { number: 2, name: 'login', files: [], steps: { done: 1, total: 2 }, completed: false },
    ],
    testing: undefined,
  });
});

test.each([
  ['Proposals: two', true],
  ['- **Proposals:** `two`', true],
  ['Proposals: one', false],
  ['Proposals: none of the two', false],
])('"%s" in a plan phase says whether a comparison is requested: %s', (line, wanted) => {
  const { phases } = parsePlan(PLAN.replace('- [ ] verify', `${line}\n- [ ] verify`));
  expect(phases.map(({ wantsComparison }) => wantsComparison)).toEqual([undefined, wanted]);
});

test('a completion line completes its phase', () => {
  const text = PLAN.replace('- [ ] verify', '- [ ] verify\n**Phase 2 completed** (01-08 15:00)');
  expect(parsePlan(text).phases.map(({ completed }) => completed)).toEqual([true, true]);
});

test.each([
  [
    'Testing: none - only documents change',
    { instead: 'none', line: 'Testing: none - only documents change' },
  ],
  ['- **Testing:** none — research', { instead: 'none', line: 'Testing: none — research' }],
  ['Testing: in review - one line', { instead: 'in review', line: 'Testing: in review - one line' }],
  ['Testing: in review - small\nTesting: none - words', { instead: 'none', line: 'Testing: none - words' }],
  ['Testing: none', undefined],
  ['Testing: in review', undefined],
  ['Testing: none of the old suites', undefined],
])('only a reason given outside the notes lets testing be left out: %s', (line, testing) => {
  expect(parsePlan(PLAN.replace('Add JWT.', line)).testing).toEqual(testing);
  const later = `${PLAN}${line}\n`;
  expect(parsePlan(later).testing).toBeUndefined();
});

test('ticks, completion lines, line endings and notes do not change the hash', () => {
  const worked = PLAN.replace('- [ ] verify', '- [x] verify\n\n**Phase 2 completed** (01-08 15:00)\n')
    .replaceAll('\n', ' \r\n')
    .concat('- a second note\r\n');
  expect(planHash(worked)).toBe(planHash(PLAN));
  expect(planChanges(PLAN, worked)).toEqual({ lines: [], notesShrank: false });
});

const phaseOf = (body: string) => `# Plan: x\n### Phase 1: a\n${body}\n`;

/** The plan's progress, a given plan and the hash of an approval read the same boxes. */
test.each([
  ['hyphens', '- [ ] a\n- [x] b'],
  ['asterisks', '* [ ] a\n* [X] b'],
  ['plus signs', '+ [ ] a\n+ [x] b'],
  ['numbers with a full stop', '1. [ ] a\n2. [x] b'],
  ['numbers with a parenthesis', '1) [ ] a\n12) [x] b'],
  ['a box below a box', '- [ ] a\n  1. [x] b'],
  ['tabs', '-\t[ ] a\n\t-\t[x] b'],
  ['CRLF', '- [ ] a\r\n- [x] b\r'],
  ['a closed code block of a list item between', '- [ ] a\n- ```sh\n  - [ ] no\n  ```\n- [x] b'],
  ['a code block with an indent of six', '- [ ] a\n      ```\n      - [ ] no\n      ```\n- [x] b'],
  ['a code block of tildes under a number', '1. [ ] a\n    ~~~\n    - [x] no\n    ~~~\n1. [x] b'],
  ['a comment of several lines', '- [ ] a\n<!--\n- [ ] no\n\n### Phase 2: no\n-->\n- [x] b'],
  ['an indented comment in one line', '- [ ] a\n    <!-- - [ ] no -->\n- [x] b'],
  ['a fence in a comment', '- [ ] a\n<!--\n```\n- [ ] no\n-->\n- [x] b'],
  ['a comment in a fence', '- [ ] a\n```\n<!--\n- [ ] no\n```\n- [x] b'],
  ['a quotation', '- [ ] a\n> - [ ] no\n- [x] b'],
  ['a comment that never ends', '- [ ] a\n<!-- unfinished\n- [x] b'],
])('boxes are read the same way everywhere: %s', (_what, body) => {
  const text = phaseOf(body);
  const { phases } = parsePlan(text);
  expect(phases).toMatchObject([{ steps: { done: 1, total: 2 }, completed: false }]);
  expect(boxesIn(text).map((box) => [box.text, box.isDone])).toEqual([
    ['a', false],
    ['b', true],
  ]);
  const ticked = text.replace('[ ] a', '[x] a').replace(/\[[xX]\] b/, '[ ] b');
  expect(planHash(ticked)).toBe(planHash(text));
  const hidden = text.replace(/\[[ x]\] no/, '[x] else');
  if (hidden !== text) expect(planHash(hidden)).not.toBe(planHash(text));
});

test.each([
  ['a step', PLAN.replace('- [ ] verify', '- [ ] verify twice')],
  ['a check', PLAN.replace('npm test -- keys', 'true')],
  [
    'words after a completion mark',
    PLAN.replace('## Notes', '**Phase 2 completed** and skip the tests\n\n## Notes'),
  ],
  ['a second notes section in the middle', PLAN.replace('### Phase 2', '## Notes\nhidden\n### Phase 2')],
  ['a section after the notes', `${PLAN}\n## Extra\nhidden\n`],
  ['a checkbox in a code block', PLAN.replace('Add JWT.', '```\n- [x] a\n```')],
])('a change to %s changes the hash', (_what, text) => {
  expect(planHash(text)).not.toBe(planHash(PLAN));
  expect(planChanges(PLAN, text).lines).not.toEqual([]);
});

test('a diff shows old and new lines with some context', () => {
  expect(planChanges(PLAN, PLAN.replace('- [x] sign', '- [ ] sign with RS256')).lines).toEqual([
    '  - [ ] rotate them',
    '  ### Phase 2: login',
    '- - [ ] sign',
    '+ - [ ] sign with RS256',
    '  - [ ] verify',
  ]);
});

test('a long diff is cut at two hundred lines', () => {
  const { lines } = planChanges(PLAN, PLAN.replace('Add JWT.', 'line\n'.repeat(500)));
  expect(lines.length).toBe(200);
  expect(lines.at(-1)).toMatch(/^… \d+ more lines$/);
});

test('removed notes are noticed', () => {
  expect(planChanges(PLAN, PLAN.replace('- first note\n', '')).notesShrank).toBe(true);
  expect(planChanges(PLAN, PLAN.replace('first', 'other')).notesShrank).toBe(true);
});

test('the newest plan is the current one, even across new year', () => {
  const names = [
    '01-08-1437-plan-jwt.md',
    '01-08-15:02-plan-jwt.md',
    '01-09-0900-summary-jwt.md',
    '_overview.md',
  ];
  expect(currentPlanOf(names, 'jwt', [])).toBe('01-08-15:02-plan-jwt.md');
  const overNewYear = ['12-31-2359-plan-a.md', '01-01-0001-plan-b.md'];
  expect(currentPlanOf(overNewYear, '25-12-30-jwt', [])).toBe('01-01-0001-plan-b.md');
  expect(currentPlanOf(overNewYear, '25-12-30-jwt', ['01-01-0001-plan-b.md'])).toBe('12-31-2359-plan-a.md');
  expect(currentPlanOf(['_overview.md'], 'jwt', [])).toBeUndefined();
});

test.each([
  ['./src/a.ts', 'src/a.ts'],
  ['src/a.ts (new)', 'src/a.ts'],
  ['`src/a.ts` (new)', 'src/a.ts'],
  ['the helper `src/a.ts`', 'src/a.ts'],
  ['src/a.ts - changed', 'src/a.ts'],
  ['src/a.ts:42', 'src/a.ts'],
  ['src/a.ts:42-60', 'src/a.ts'],
  ['docs/my file.md', 'docs/my file.md'],
  ['app/[slug]/page.tsx', 'app/[slug]/page.tsx'],
  ['src/', 'src/'],
])('the Files entry %s names %s', (entry, name) => {
  const inLine = `# Plan: x\n\n### Phase 1: One\nFiles: ${entry}, b.ts\n- [ ] it\n`;
  const inList = `# Plan: x\n\n### Phase 1: One\nFiles:\n- ${entry}\n- b.ts\n- [ ] it\n`;
  for (const text of [inLine, inList]) expect(parsePlan(text).phases[0]?.files).toEqual([name, 'b.ts']);
});

const PLAN_WITH_NOTES = `# Plan: JWT

## Implementation Phases

### Phase 1: keys
Files: src/keys.ts
Check: \`npm test\`
- [ ] load them

## Notes
- first note

### Later
- [ ] a step
`;
const anyPlan = documentOf([
  '## Implementation Phases',
  '### Phase 1: base',
  'Files: a.ts',
  'Files:',
  '- c.ts',
  'Check: `npm test`',
  '- [ ] step',
  '- [x] done',
  '**Phase 1 completed** (01-08 14:37)',
  '## Notes',
  'a note',
]);
const work = fc.constantFrom(
  '### Phase 9: more',
  '- [ ] delete the tests',
  '  * [x] and the history',
  '2. [ ] numbered',
  'Files: z.ts',
  'Check: `true`',
  '- **Check:** true',
);

/** The plan with one more line, before its line `at` or, past the end, after the last. */
function withLine(text: string, at: number, line: string): string {
  const { bom, lines } = parseMarkdown(text);
  const place = at % (lines.length + 1);
  const before = lines.slice(0, place).join('');
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${bom}${before}${gap}${line}\n${lines.slice(place).join('')}`;
}

test('a heading, a step, Files or Check inserted anywhere changes the fingerprint and is shown', () => {
  fc.assert(
    fc.property(anyPlan, fc.nat(60), work, (text, at, line) => {
      const after = withLine(text, at, line);
      expect(isPlanOf(planHash(text), after)).toBe(false);
      expect(planChanges(text, after).lines).not.toEqual([]);
    }),
    { numRuns: 400 },
  );
});

test('ticks, completion lines and plain paragraphs in the notes do not change the fingerprint', () => {
  const worked = PLAN_WITH_NOTES.replaceAll('- [ ]', '- [x]')
    .replace('## Notes', '**Phase 1 completed** (01-08 15:00)\n\n## Notes')
    .concat('**Phase 2 completed**\nA surprise: `load` is slow.\n- so is `save`\n> # not a heading\n');
  expect(isPlanOf(planHash(PLAN_WITH_NOTES), worked)).toBe(true);
  expect(planChanges(PLAN_WITH_NOTES, worked)).toEqual({ lines: [], notesShrank: false });
});

test('output quoted by a note in a code block needs no second approval, while work in one does', () => {
  const quoted = `${PLAN_WITH_NOTES}\`\`\`\n# pass 12\n## summary\n\`\`\`\n`;
  const hidden = `${PLAN_WITH_NOTES}\`\`\`\n### Phase 9: more\n\`\`\`\n`;
  expect(isPlanOf(planHash(PLAN_WITH_NOTES), quoted)).toBe(true);
  expect(isPlanOf(planHash(PLAN_WITH_NOTES), hidden)).toBe(false);
});

test('a notes heading inserted above the last phase changes the fingerprint', () => {
  const plan = PLAN_WITH_NOTES.slice(0, PLAN_WITH_NOTES.indexOf('## Notes'));
  const swallowed = plan.replace('### Phase 1', '## Notes\n### Phase 1');
  expect(isPlanOf(planHash(plan), swallowed)).toBe(false);
});

test('lines that look like work below the notes are covered by the approval', () => {
  const bare = PLAN_WITH_NOTES.slice(0, PLAN_WITH_NOTES.indexOf('### Later'));
  expect(isPlanOf(planHash(bare), PLAN_WITH_NOTES)).toBe(false);
});
