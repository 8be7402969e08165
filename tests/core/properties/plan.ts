import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseMarkdown } from '../../../src/core/session/documents/markdown-lines.ts';
import { parsePlan, planChanges, planContent, planHash } from '../../../src/core/session/documents/plan.ts';
import { type Property, property } from './property.ts';
import { anyText, documentOf } from './texts.ts';

const LINES = [
  '# Plan: x',
  'Created: 2026',
  '## Task Definition',
  '## Requirements',
  '## Context',
  '## Implementation Phases',
  '### Phase 1: base',
  '### Phase 2: top',
  'Files: a.ts, `b.ts`',
  'Files:',
  '- c.ts',
  'Check: `npm test`',
  '- [ ] step',
  '- [x] done',
  '  - [X] nested',
  '**Phase 1 completed** (01-08 14:37)',
  '**Phase 2 completed**',
  'Testing: none - research',
  'Testing: none',
  '## Notes',
  'a note',
]; // prettier-ignore
const anyPlan = documentOf(LINES);

/** Changes that an approval permits: ticks, line endings, trailing spaces, blank lines, completion lines. */
function freely(text: string, random: readonly number[]): string {
  const doc = parseMarkdown(text);
  const out: string[] = [];
  for (const [index, line] of doc.lines.entries()) {
    const chance = random[index % random.length] ?? 0;
    let body = line.replace(/\r?\n$/, '');
    if (!doc.isFenced(index)) {
      body = body.replace(/^([ \t]*[-*+][ \t]+)\[[ xX]\](?=\s)/, `$1[${' xX'[chance % 3]}]`);
      if (chance % 5 === 0) out.push('', '**Phase 3 completed** (01-08 14:37)', '');
    }
    out.push(body + ' '.repeat(chance % 2));
  }
  return doc.bom + out.join('\r\n');
}

export const planProperties: Property[] = [
  property('reading a plan never throws', fc.oneof(anyPlan, anyText), (text) => {
    const reading = parsePlan(text);
    for (const { steps } of reading.phases) assert(steps.done <= steps.total);
    assert.match(planHash(text), /^[0-9a-f]{64}$/);
  }),
  property(
    'ticks, stamps and spaces change neither hash nor diff',
    fc.tuple(anyPlan, fc.array(fc.nat(99), { minLength: 1, maxLength: 9 })),
    ([text, random]) => {
      const after = freely(text, random);
      assert.equal(planHash(after), planHash(text));
      assert.deepEqual(planChanges(text, after).lines, []);
    },
  ),
  property(
    'any other added or removed line changes the hash and is shown',
    fc.tuple(anyPlan, fc.nat(), fc.oneof(fc.constantFrom(...LINES), anyText), fc.boolean()),
    ([text, at, extra, isAdded]) => {
      const doc = parseMarkdown(text);
      const lines = doc.lines.map((line) => line.replace(/\r?\n$/, ''));
      if (isAdded) lines.splice(at % (lines.length + 1), 0, extra);
      else lines.splice(at % (lines.length + 1), 1);
      const after = lines.join('\n');
      const isSame = planContent(text).lines.join('\n') === planContent(after).lines.join('\n');
      assert.equal(planHash(text) === planHash(after), isSame);
      const shown = planChanges(text, after).lines;
      assert.equal(shown.length === 0, isSame);
      assert(shown.length <= 200);
    },
  ),
  property('notes may grow only at their end', fc.tuple(anyPlan, anyText, fc.nat()), ([text, note, at]) => {
    const { notes } = planContent(text);
    const grown = `${text}\n- ${note.replace(/[\r\n]/g, ' ')}`;
    if (notes.length > 0) {
      assert.equal(planChanges(text, grown).notesShrank, false);
      const lines = text.split('\n');
      const kept = lines
        .filter((_line, index) => index !== lines.length - 1 - (at % lines.length))
        .join('\n');
      const isLost = planContent(kept).notes.slice(0, notes.length).join('\n') !== notes.join('\n');
      assert.equal(planChanges(text, kept).notesShrank, isLost);
    }
  }),
];
