import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMarkdown } from '../../../../src/core/session/documents/markdown-lines.ts';
import { isPlanOf, planChanges, planHash } from '../../../../src/core/session/documents/plan.ts';
import { documentOf } from '../../properties/texts.ts';

const PLAN = `# Plan: JWT

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
  const worked = PLAN.replaceAll('- [ ]', '- [x]')
    .replace('## Notes', '**Phase 1 completed** (01-08 15:00)\n\n## Notes')
    .concat('**Phase 2 completed**\nA surprise: `load` is slow.\n- so is `save`\n> # not a heading\n');
  expect(isPlanOf(planHash(PLAN), worked)).toBe(true);
  expect(planChanges(PLAN, worked)).toEqual({ lines: [], notesShrank: false });
});

test('output quoted by a note in a code block needs no second approval, while work in one does', () => {
  const quoted = `${PLAN}\`\`\`\n# pass 12\n## summary\n\`\`\`\n`;
  const hidden = `${PLAN}\`\`\`\n### Phase 9: more\n\`\`\`\n`;
  expect(isPlanOf(planHash(PLAN), quoted)).toBe(true);
  expect(isPlanOf(planHash(PLAN), hidden)).toBe(false);
});

test('a notes heading inserted above the last phase changes the fingerprint', () => {
  const plan = PLAN.slice(0, PLAN.indexOf('## Notes'));
  const swallowed = plan.replace('### Phase 1', '## Notes\n### Phase 1');
  expect(isPlanOf(planHash(plan), swallowed)).toBe(false);
});

test('lines that look like work below the notes are covered by the approval', () => {
  const bare = PLAN.slice(0, PLAN.indexOf('### Later'));
  expect(isPlanOf(planHash(bare), PLAN)).toBe(false);
});
