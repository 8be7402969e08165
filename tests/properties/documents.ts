import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PHASE_NAMES } from '../../src/phases/table.ts';
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  documentName,
  logFileName,
  parseDocumentName,
  parseLogName,
  sortNewestFirst,
} from '../../src/session/documents.ts';
import { slugOf } from '../../src/session/slug.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

const KINDS = Object.keys(DOCUMENT_KINDS) as DocumentKind[];
const anyStamp = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }), fc.nat(23), fc.nat(59))
  .map(([month, day, hour, minute]) => {
    const two = (value: number) => String(value).padStart(2, '0');
    return `${two(month)}-${two(day)}-${two(hour)}${two(minute)}`;
  });

export const documentsProperties: Property[] = [
  property(
    'any file name is read or is none',
    fc.array(fc.oneof(anyText, fc.constantFrom('01-08-1437-plan.md', '01-08-14:37-x.md'))),
    (names) => {
      for (const name of names) parseDocumentName(name);
      for (const name of names) parseLogName(name);
      assert.deepEqual([...sortNewestFirst(names, '01-08')].sort(), [...names].sort());
    },
  ),
  property(
    'a built name reads as its parts',
    fc.tuple(anyStamp, fc.constantFrom(...KINDS), anyText),
    ([stamp, kind, slug]) => {
      const name = documentName({ stamp, kind, slug });
      assert(!/[\s/\\:]/.test(name));
      const read = parseDocumentName(name);
      const rest = [kind, slugOf(slug, 40)].filter((part) => part !== '').join('-');
      assert.equal(read?.stamp, stamp);
      assert.equal([read?.kind, read?.slug].filter((part) => part).join('-'), rest);
    },
  ),
  property(
    'a log name reads as its parts',
    fc.tuple(anyStamp, fc.integer({ min: 1, max: 99_999 }), fc.constantFrom(...PHASE_NAMES)),
    ([stamp, iteration, phase]) => {
      assert.deepEqual(parseLogName(logFileName(stamp, iteration, phase)), {
        stamp,
        iteration,
        phase,
        stream: 'stdout',
      });
    },
  ),
];
