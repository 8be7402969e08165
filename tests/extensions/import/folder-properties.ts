import assert from 'node:assert/strict';
import fc from 'fast-check';
import { followsPlan } from '../../../src/core/kernel/phases/table.ts';
import { continuationOf, placeOf } from '../../../src/extensions/import/unimported-folder.ts';
import { anyOverview } from '../../core/properties/overview.ts';
import { type Property, property } from '../../core/properties/property.ts';
import { anyText } from '../../core/properties/texts.ts';

const anyFiles = fc.array(
  fc.oneof(anyText, fc.constantFrom('_overview.md', '_samocode/_overview.md', '01-08-14:37-plan-x.md')),
);

const anySignal = fc.option(
  fc.oneof(
    anyText,
    fc.constantFrom(
      '{}',
      '{"status":"waiting"}',
      '{"status":"waiting","for":"plan_approval"}',
      '{"status":"done"}',
    ),
  ),
  { nil: undefined },
);

export const folderProperties: Property[] = [
  property(
    'a folder in a phase behind a gate is done, or waits in a phase before that gate',
    fc.tuple(anyOverview, anyFiles, anySignal),
    ([overview, fileNames, signal]) => {
      const facts = { overview, fileNames, signal, questions: [] };
      const place = placeOf(facts, 'boat');
      if (place === undefined) return;
      const goesOn = continuationOf(place, facts, { folder: 'boat', gates: ['qa', 'plan'] });
      assert(goesOn.kind !== 'run' || (goesOn.phase !== 'planning' && !followsPlan(goesOn.phase)));
      assert(goesOn.kind !== 'park' || !followsPlan(goesOn.phase));
      assert((goesOn.kind === 'done') === (place.stated.kind === 'done'));
    },
  ),
];
