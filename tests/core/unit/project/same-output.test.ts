import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whatItSays, withoutChance } from '../../../../src/core/project/proving/same-output.ts';

const DIRS = ['/work/_checks/s/full', '/work/_checks/s/full-base'];

test.each([
  ['colours', '\u001b[31m✗ names a boat\u001b[39m', '✗ names a boat'],
  ['durations', 'Tests 1 failed (12.4s)', 'Tests 1 failed (940 ms)'],
  ['a date', 'Start at Fri Nov 27 20:41:03 UTC 2026', 'Start at Sat Dec  5 09:00:59 UTC 2026'],
  ['an ISO time', '[2026-11-27T20:41:03.123Z] no boat', '[2026-11-28T01:02:03.004Z] no boat'],
  ['an address', 'at 0x7f3a29c0 in run', 'at 0x55d01aee in run'],
  ['a hash', 'HEAD is 1a54e069', 'HEAD is 00b837f9'],
  ['a temporary folder', 'cannot read /tmp/jest_kQx/a.json', 'cannot read /tmp/jest_Zab/a.json'],
  ['the clone', '/work/_checks/s/full/src/a.js: no', '/work/_checks/s/full-base/src/a.js: no'],
  ['a port and a process', 'pid 4711: 127.0.0.1:40123 in use', 'pid 99: 127.0.0.1:5 in use'],
  ['blanks', 'a   b  \nc\n', 'a b\nc'],
])('two outputs that differ in %s alone say the same', (_, one, other) => {
  expect(withoutChance(one, DIRS)).toBe(withoutChance(other, DIRS));
});

test.each([
  ['the test that failed', '✗ names a boat', '✗ names a harbour'],
  ['one more test that failed', '✗ names a boat', '✗ names a boat\n✗ forgets a boat'],
  ['the reason', 'TypeError: x is undefined', 'TypeError: y is undefined'],
  ['the file', 'src/store.js:3: no', 'src/cli.js:3: no'],
  ['nothing', '✗ names a boat', ''],
])('two outputs that differ in %s say different things', (_, one, other) => {
  expect(withoutChance(one)).not.toBe(withoutChance(other));
});

test('of an output that was not kept whole, or is gone, only the fingerprint of all of it counts', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'samocode-test-'));
  try {
    const path = join(dir, 'full-1.txt');
    await writeFile(path, 'boat 12\n');
    const says = (outputBytes: number) => whatItSays(path, { outputBytes, outputHash: 'h' }, []);
    expect(await says(8)).toBe('boat #');
    expect(await says(9)).toBe('h');
    expect(await whatItSays(join(dir, 'gone'), { outputBytes: 0, outputHash: 'g' }, [])).toBe('g');
  } finally {
    await rm(dir, { recursive: true });
  }
});
