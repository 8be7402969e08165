import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseDocumentName, sortNewestFirst } from '../../../src/core/session/documents/documents.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

export const documentsProperties: Property[] = [
  property(
    'any file name is parsed or rejected',
    fc.array(fc.oneof(anyText, fc.constantFrom('01-08-1437-plan.md', '01-08-14:37-x.md'))),
    (names) => {
      for (const name of names) parseDocumentName(name);
      assert.deepEqual([...sortNewestFirst(names, '01-08')].sort(), [...names].sort());
    },
  ),
];
