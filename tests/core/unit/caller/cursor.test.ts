import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cursorOf, cursorOfSeveral, seenIn } from '../../../../src/core/caller/facts/cursor.ts';

const SEEN = fc.record({ n: fc.nat(), knowsStuck: fc.boolean() });
const SESSION = fc.record({ view: fc.record({ folder: fc.string({ minLength: 1 }) }) });

test('a cursor says of each of its sessions what its reader has seen, and nothing of others', () => {
  const sessions = fc.uniqueArray(fc.tuple(SESSION, SEEN), { selector: ([{ view }]) => view.folder });
  fc.assert(
    fc.property(sessions, (all) => {
      const cursor = cursorOfSeveral(all.map(([session, seen]) => ({ ...session, ...seen })));
      for (const [{ view }, seen] of all) {
        expect(seenIn(cursor, view.folder, false)).toEqual(seen);
        expect(seenIn(cursor, `${view.folder}/`, true)).toBeUndefined();
      }
    }),
  );
});

test('a cursor of one session counts where that is the only one that is waited for', () => {
  fc.assert(
    fc.property(SEEN, (seen) => {
      expect(seenIn(cursorOf(seen), 'boat', true)).toEqual(seen);
      expect(seenIn(cursorOf(seen), 'boat', false)).toBeUndefined();
    }),
  );
});

test.each([undefined, '', '-1', '1.5', '5!!', 'boat:5', '[object Object]', '9'.repeat(400)])(
  'a text that no result returned says nothing: %j',
  (text) => {
    expect(seenIn(text, 'boat', true)).toBeUndefined();
  },
);
