import { expect, test } from 'vitest';
import {
  handleOf,
  isFolderName,
  matchFolders,
  nameWithoutDate,
  normalizeNewName,
  resolveSessionFolder,
  sessionSlug,
  shortId,
} from '../../../../src/core/session/layout/names.ts';
import { namesProperties } from '../../properties/names.ts';

for (const property of namesProperties) test(property.name, () => property.run(500));

test.each([
  ['Add JWT auth to the login, please!', 'add-jwt-auth-to-the-login-please'],
  ['Fix the very long and winding description of a bug', 'fix-the-very-long-and-winding'],
  ['x'.repeat(60), 'x'.repeat(40)],
  ['Größe des Cafés', 'große-des-cafes'],
  ['コマンドのガイド', 'コマンドのガイド'],
  ['हिन्दी में लिखें', 'हिन्दी-में-लिखें'],
  ['Ёлка и йод', 'ёлка-и-йод'],
  ['!!!', 'session'],
])('the task %j gives the name %s', (task, name) => {
  expect(sessionSlug(task)).toBe(name);
});

test('spaces become hyphens and capitals become lower case', () => {
  expect(normalizeNewName('session', '  Add JWT  Auth ')).toBe('add-jwt-auth');
  expect(normalizeNewName('session', 'v2-api')).toBe('v2-api');
});

test.each([
  '',
  ' ',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  '/etc',
  'C:\\x',
  '.hidden',
  '_archive',
  '~',
  'a\0b',
  'a\nb\u0007',
  '-x',
  'x-',
  'a..b',
  'a.b',
  'x'.repeat(61),
])('the name %j is refused for a new session', (name) => {
  expect(() => normalizeNewName('session', name)).toThrow(
    expect.objectContaining({ code: 'bad_session_name' }),
  );
});

test('a refusal suggests a valid name', () => {
  expect(() => normalizeNewName('session', 'Fix: login/../x')).toThrow(
    'Use "fix-login-x", for example, or leave the name out.',
  );
});

const FOLDERS = [
  '26-01-08-auth',
  '26-02-01-auth',
  '26-03-01-jwt-auth',
  'Old_One.v2',
  'auth-2',
  '.run',
  '_archive',
];

test.each([
  ['26-01-08-auth', '26-01-08-auth'],
  ['auth', '26-02-01-auth'],
  ['JWT Auth', '26-03-01-jwt-auth'],
  ['Old_One.v2', 'Old_One.v2'],
  ['old_one.v2', undefined],
  ['jwt', undefined],
  ['.run', undefined],
  ['_archive', undefined],
  ['../26-01-08-auth', undefined],
])('the name %j opens %s', (name, folder) => {
  expect(resolveSessionFolder(FOLDERS, name)).toBe(folder);
});

test('a date is not part of a name', () => {
  expect(nameWithoutDate('26-01-08-jwt-auth')).toBe('jwt-auth');
  expect(nameWithoutDate('jwt-auth')).toBe('jwt-auth');
});

test('old folders open, while hidden and outside folders do not', () => {
  expect(['My_Old.Session', '_odd', 'UPPER'].every(isFolderName)).toBe(true);
  expect(['', '.', '..', '.run', '_archive', 'a/b', 'a\\b', 'a\0'].some(isFolderName)).toBe(false);
});

test.each([
  ['jwt', ['26-03-01-jwt-auth']],
  ['JWT a', ['26-03-01-jwt-auth']],
  ['26-02', ['26-02-01-auth']],
  ['old', ['Old_One.v2']],
  // The newest session of a name represents the older ones, as for a full name.
  ['aut', ['26-02-01-auth', 'auth-2']],
  ['26-', ['26-01-08-auth', '26-02-01-auth', '26-03-01-jwt-auth']],
  ['j', []],
  ['uth', []],
  ['.r', []],
])('%j is a prefix of %j', (typed, folders) => {
  expect(matchFolders(FOLDERS, typed)).toEqual(folders);
});

test('a short id depends only on the name and identifies one folder', () => {
  const ids = FOLDERS.map(shortId);
  expect(ids).toEqual(FOLDERS.map(shortId));
  expect(ids.join(' ')).toMatch(/^[\da-f]{5}( [\da-f]{5})*$/);
  expect(matchFolders(FOLDERS, shortId('26-01-08-auth'))).toEqual(['26-01-08-auth']);
});

test('a session is typed by its name, or by its short id if the name is long or in another script', () => {
  expect(handleOf('26-03-01-jwt-auth')).toBe('jwt-auth');
  const long = '26-03-01-refactor-the-checkout-flow-number-3-so';
  for (const folder of [long, '26-03-01-日本語のreadme', 'Old_One.v2'])
    expect(handleOf(folder)).toBe(shortId(folder));
});
