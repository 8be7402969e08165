import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { hasLinesOf, readSaid, saysTheSame } from '../../../../src/core/project/proving/same-output.ts';

const DIRS = ['/work/_checks/s'];

const said = (text: string) => ({ text, outputHash: fingerprint(text) });
const compare = (output: string, ...groups: string[][]) =>
  saysTheSame(
    said(output),
    groups.map((group) => group.map(said)),
    DIRS,
  );

test.each([
  ['a file', 't/05.t (Wstat: 256) Failed', 't/02.t (Wstat: 256) Failed'],
  ['a test of TAP', 'not ok 17', 'not ok 3'],
  ['a parameter', 'FAILED test_sum[9-1]', 'FAILED test_sum[3-4]'],
  ['a code of an error', 'page2.ts(4,1): error TS2345', 'page1.ts(4,1): error TS2322'],
  ['a status', 'GET /a 500', 'GET /a 200'],
  ['the number of failures', '40 failing', '1 failing'],
  ['the name of a test', 'test 18 failed', 'test 17 failed'],
])('a number that two runs of the base have in common tells failures apart: %s', (_, output, base) => {
  const at = (seconds: string) => `${base}\nin ${seconds}`;
  expect(compare(`${output}\nin 0.5s`, [at('1.2s'), at('1.3s')])).toBe(false);
  expect(compare(`${base}\nin 0.5s`, [at('1.2s'), at('1.3s')])).toBe(true);
});

test.each([
  ['a time', 'boat failed in 940 ms', ['boat failed in 12.4s', 'boat failed in 12.5s']],
  ['the order', 'b 1 ms\na 2 ms', ['a 3 ms\nb 4 ms', 'b 5 ms\na 6 ms']],
  ['a port', '127.0.0.1:40123 in use', ['127.0.0.1:1024 in use', '127.0.0.1:5000 in use']],
  [
    'a temporary folder',
    'cannot read /tmp/jest_c/a.json',
    ['cannot read /tmp/jest_a/a.json', 'cannot read /tmp/jest_b/a.json'],
  ],
  ['a hash', 'HEAD is 00b837f9', ['HEAD is 1a54e069', 'HEAD is 2b65f17a']],
  ['a date', 'at 2026-11-28T01:02:03Z', ['at 2026-11-27T20:41:03Z', 'at 2026-11-26T09:59:11Z']],
])('what differs between two runs of the base may differ: %s', (_, output, base) => {
  expect(compare(output, base)).toBe(true);
});

test('what was equal in two runs by chance is learned from a third', () => {
  const [first, second, third] = ['boat failed in 12 ms', 'boat failed in 12 ms', 'boat failed in 13 ms'];
  expect(compare('boat failed in 14 ms', [first, second])).toBe(false);
  expect(compare('boat failed in 14 ms', [first, second, third])).toBe(true);
});

test.each([
  ['colours', '\u001b[31m✗ names a boat\u001b[39m', '✗ names a boat'],
  ['blanks', 'a   b  \nc\n', 'a b\nc'],
  ['the clone', '/work/_checks/s/full-base/src/a.js: no', '/work/_checks/s/base/src/a.js: no'],
])('one run of the base is enough for %s', (_, output, base) => {
  expect(compare(output, [base])).toBe(true);
});

test.each([
  ['the test that failed', '✗ names a harbour', '✗ names a boat'],
  ['one more test that failed', '✗ names a boat\n✗ forgets a boat', '✗ names a boat'],
  ['one more test with another number', 'test 1 failed\ntest 2 failed', 'test 1 failed'],
  ['the reason', 'TypeError: y is undefined', 'TypeError: x is undefined'],
  ['nothing', '', '✗ names a boat'],
])('two outputs that differ in %s say different things', (_, output, base) => {
  expect(compare(output, [base, `${base} `])).toBe(false);
});

test('numbers of one commit teach nothing about those of another', () => {
  const accepted = ['test 18 failed in 3 ms', 'test 18 failed in 4 ms'];
  const base = ['test 17 failed in 1 ms', 'test 17 failed in 2 ms'];
  expect(compare('test 18 failed in 9 ms', base, accepted)).toBe(true);
  expect(compare('test 19 failed in 9 ms', base, accepted)).toBe(false);
});

test('of an output that was not kept whole, or is gone, only the fingerprint of all of it counts', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'samocode-test-'));
  try {
    const path = join(dir, 'full-1.txt');
    await writeFile(path, 'boat 12\n');
    expect(await readSaid(path, { outputBytes: 8, outputHash: 'h' })).toEqual({
      outputHash: 'h',
      text: 'boat 12\n',
    });
    const cut = await readSaid(path, { outputBytes: 9, outputHash: 'h' });
    const gone = await readSaid(join(dir, 'gone'), { outputBytes: 0, outputHash: 'g' });
    expect([cut, gone]).toEqual([{ outputHash: 'h' }, { outputHash: 'g' }]);
    expect(saysTheSame(cut, [[{ outputHash: 'h' }]])).toBe(true);
    expect(saysTheSame(cut, [[gone, said('boat 12\n')]])).toBe(false);
    expect(saysTheSame(said('boat 12\n'), [[gone]])).toBe(false);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test.each([
  ['other times, another order and further lines', 'ok b (3 ms)\nwarning: x\nok a (40 ms)\n12 passed', true],
  ['a line that is gone', 'ok a (12 ms)\n2 passed', false],
  ['nothing', '', false],
])('with %s an output has the lines of the base: %s', (_, now, has) => {
  const before = { text: 'ok a (12 ms)\nok b (9 ms)\n2 passed' };
  expect(hasLinesOf(before, { text: now })).toBe(has);
  // Of what was not kept whole nothing can be missing.
  expect(hasLinesOf(before, {})).toBe(true);
});
