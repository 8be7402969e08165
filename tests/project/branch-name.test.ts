import fc from 'fast-check';
import { expect, test } from 'vitest';
import { branchOf } from '../../src/project/branch-name.ts';

test.each([
  ['26-01-08-add-jwt-auth', undefined, 'add-jwt-auth'],
  ['26-01-08-add-jwt-auth', 'ada', 'ada/add-jwt-auth'],
  ['26-01-08-add-jwt-auth', 'team/ada/', 'team/ada/add-jwt-auth'],
  ['no-date', undefined, 'no-date'],
  ['25-12-31-Old Name: v1..2', undefined, 'Old-Name-v1-2'],
  ['25-12-31-größe', undefined, 'größe'],
  ['25-12-31-', undefined, '25-12-31'],
  ['.lock', undefined, 'lock'],
  ['a.lock', undefined, 'a-lock'],
])('the folder "%s" with the prefix %s has the branch %s', (folder, prefix, branch) => {
  expect(branchOf(folder, prefix)).toBe(branch);
});

test('whatever the folder is called, git accepts its branch', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (folder) => {
      // The rules of git-check-ref-format for one part of a name.
      expect(branchOf(folder)).toMatch(
        /^(?!.*\.\.)(?!.*\.lock$)(?!.*@\{)[^.\s~^:?*[\\/-][^\s~^:?*[\\/]*(?<!\.)$/u,
      );
    }),
  );
});
