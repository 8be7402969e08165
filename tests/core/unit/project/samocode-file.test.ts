import { expect, test } from 'vitest';
import { parseSamocodeFile, pathFromFile } from '../../../../src/core/project/settings/samocode-file.ts';

const valuesOf = (text: string) =>
  Object.fromEntries(parseSamocodeFile(text).entries.map(({ key, value }) => [key, value]));

test('a line is split at its first =, and spaces around key and value are trimmed', () => {
  expect(valuesOf('  CHECK =  make test FLAGS=-v  \n')).toEqual({ CHECK: 'make test FLAGS=-v' });
});

test.each([
  ['A="two words"', 'two words'],
  ["A='two words'", 'two words'],
  ['A="  kept  "', '  kept  '],
  ['A="half', '"half'],
  [`A="mixed'`, `"mixed'`],
  ['A="', '"'],
  ['A=""', ''],
  ['A=', ''],
  ['A=say "hi" now', 'say "hi" now'],
])('%s has the value [%s]', (line, value) => {
  expect(valuesOf(line)).toEqual({ A: value });
});

test('# starts a comment only at the start of a line', () => {
  expect(valuesOf('# A=1\n   # B=2\nC=npm test # fast ones\n')).toEqual({ C: 'npm test # fast ones' });
});

test('a byte order mark and foreign line endings change nothing', () => {
  expect(valuesOf('\uFEFFA=1\r\nB=2\rC=3')).toEqual({ A: '1', B: '2', C: '3' });
});

test('the last of duplicate keys wins and both lines are named', () => {
  const reading = parseSamocodeFile('A=1\nB=2\nA=3\n');
  expect(reading.entries).toEqual([
    { key: 'B', value: '2', line: 2 },
    { key: 'A', value: '3', line: 3 },
  ]);
  expect(reading.warnings).toEqual([{ line: 3, text: 'A is set twice: line 3 overrides line 1.' }]);
});

test.each(['just words', '= value', 'two words = value'])(
  'the line [%s] is skipped with a warning',
  (line) => {
    expect(parseSamocodeFile(`A=1\n${line}\n`)).toEqual({
      entries: [{ key: 'A', value: '1', line: 1 }],
      warnings: [{ line: 2, text: 'Line 2 is not KEY=VALUE and was ignored.' }],
    });
  },
);

test.each([
  ['~', '/home/me'],
  ['~/work', '/home/me/work'],
  ['~other/work', '/project/~other/work'],
  ['work', '/project/work'],
  ['../work', '/work'],
  ['/abs', '/abs'],
  ['$HOME/x', '/project/$HOME/x'],
])('the path %s means %s', (value, path) => {
  expect(pathFromFile(value, { folder: '/project', homeDir: '/home/me' })).toBe(path);
});
