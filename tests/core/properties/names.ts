import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isFolderName,
  normalizeNewName,
  resolveSessionFolder,
  sessionSlug,
} from '../../../src/core/session/layout/names.ts';
import { SESSION_ERRORS } from '../../../src/core/session/layout/session-errors.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

const anyName = fc.oneof(
  anyText,
  fc.constantFrom('..', '../x', 'a/b', 'Add JWT', '_x', '.x', 'a.b', 'jwt-auth', '26-01-08-auth'),
);
const anyFolder = fc
  .tuple(fc.constantFrom('', '26-01-08-', '25-12-31-'), anyName)
  .map((parts) => parts.join(''));

export const namesProperties: Property[] = [
  property('a slug is a legal name of at most forty characters', anyText, (task) => {
    const slug = sessionSlug(task);
    assert([...slug].length <= 40);
    assert.equal(normalizeNewName('session', slug), slug);
  }),
  property(
    'a name is refused or stays inside SESSIONS, and normalising it again changes nothing',
    anyName,
    (given) => {
      let name: string;
      try {
        name = normalizeNewName('session', given);
      } catch (error) {
        assert(SESSION_ERRORS.bad_session_name.is(error));
        return;
      }
      assert(isFolderName(name) && !/[./\\_\s]/.test(name));
      assert.equal(normalizeNewName('session', name), name);
    },
  ),
  property(
    'a resolved folder is an existing one and ends with the name',
    fc.tuple(fc.array(anyFolder, { maxLength: 6 }), anyName),
    ([folders, name]) => {
      const folder = resolveSessionFolder(folders, name);
      if (folder === undefined) return;
      assert(folders.includes(folder));
      assert(isFolderName(folder));
      const wanted = name.trim();
      const means = [wanted, wanted.toLowerCase().replace(/\s+/gu, '-')];
      assert(folder === wanted || means.includes(folder.replace(/^\d\d-\d\d-\d\d-/, '')));
    },
  ),
];
