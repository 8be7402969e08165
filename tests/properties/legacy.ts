import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inferPhase } from '../../src/session/legacy.ts';
import { anyOverview } from './overview.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

const anyHistory = fc
  .array(
    fc.oneof(
      anyText,
      fc.constantFrom('{"status":"continue","phase":"Testing"}', '{"status":"done"}', '{"phase":7}'),
    ),
  )
  .map((lines) => lines.join('\n'));
const anyFiles = fc.array(
  fc.oneof(anyText, fc.constantFrom('_overview.md', '_samocode/_overview.md', '01-08-14:37-plan-x.md')),
);

export const legacyProperties: Property[] = [
  property(
    'any folder gives a phase with a reason, or a question',
    fc.tuple(anyOverview, anyHistory, anyFiles),
    ([overview, history, fileNames]) => {
      const inferred = inferPhase({ overview, history, fileNames });
      assert('question' in inferred ? inferred.question : inferred.why);
    },
  ),
];
