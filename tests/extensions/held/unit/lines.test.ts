import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lines } from '../../../../src/extensions/held/lines.ts';
import type { Hunk } from '../../../../src/extensions/held/patches.ts';

/** Edits of a file from its top: lines left as they are, then removed, then added. */
const Edits = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)), { maxLength: 5 });
const Commits = fc.array(fc.record({ edits: Edits, writes: fc.boolean() }), { maxLength: 8 });

test('lines are moved by hunks as a list of marked lines is by the same edits', () => {
  fc.assert(
    fc.property(Commits, (commits) => {
      const lines = new Lines();
      let marked: boolean[] = Array.from({ length: 6 }, () => false);
      for (const { edits, writes } of commits) {
        const hunks: Hunk[] = [];
        const after: boolean[] = [];
        let at = 0;
        let isTouched = false;
        for (const [kept, removed, added] of edits) {
          after.push(...marked.slice(at, at + kept));
          at = Math.min(at + kept, marked.length);
          const gone = marked.slice(at, at + removed);
          if (gone.length + added === 0 || (kept === 0 && hunks.length > 0)) continue;
          isTouched ||= gone.includes(true);
          const start = gone.length === 0 ? at : at + 1;
          hunks.push([start, gone.length, after.length + (added === 0 ? 0 : 1), added]);
          at += gone.length;
          after.push(...Array.from({ length: added }, () => writes));
        }
        marked = [...after, ...marked.slice(at)];
        expect(lines.apply({ files: [{ from: 'a', to: 'a', hunks }] }, writes)).toBe(isTouched);
        const ranges = lines.toJSON().a ?? [];
        const found = ranges.flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, n) => first + n),
        );
        expect(found).toEqual(marked.flatMap((mine, index) => (mine ? [index + 1] : [])));
      }
    }),
  );
});
