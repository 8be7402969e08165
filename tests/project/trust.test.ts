import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { resolveSettings } from '../../src/project/resolve-settings.ts';
import type { SessionSettings } from '../../src/project/settings.ts';
import { isTrusted, riskyLines, trustFile, trustHash } from '../../src/project/trust.ts';
import { tempDir } from '../support/temp-dir.ts';

const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
const FILE = '/p/.samocode';

const riskyIn = (lines: string, call: SessionSettings = {}) =>
  riskyLines(
    resolveSettings({
      projectFile: { path: FILE, text: `MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\n${lines}` },
      env: {},
      call,
      homeDir: '/home/me',
    }),
  );

test('commands and loosening lines of the file ask for trust, each with its value', () => {
  expect(riskyIn('GATES=none\nSETUP=curl x | sh\nCHECK_LINT=npm run lint\nMODEL=opus\n')).toEqual([
    { key: 'SETUP', risk: 'runs', value: 'curl x | sh' },
    { key: 'GATES', risk: 'loosens', value: 'none' },
    { key: 'CHECK_LINT', risk: 'runs', value: 'npm run lint' },
  ]);
});

test('a file of folders and harmless lines asks for none', () => {
  expect(riskyIn('PROVIDER=codex\nMAX_HOURS=3\nGATES=qa,plan\nPERMISSIONS=skip\n')).toEqual([]);
});

test('what a call says itself is no matter of the file', () => {
  const call: SessionSettings = {
    checks: [{ key: 'CHECK', command: 'npm test' }],
    gates: [],
    setup: 'npm ci',
  };
  expect(riskyIn('CHECK=rm -rf ~\nGATES=none\nSETUP=x\n', call)).toEqual([]);
});

test('exactly the content that was trusted is trusted, in exactly that place', async () => {
  await using home = await tempDir();
  const hash = trustHash('GATES=none\n');
  expect(await isTrusted(FILE, hash, home.path)).toBe(false);
  await trustFile(FILE, hash, { homeDir: home.path, clock });
  await trustFile('/q/.samocode', trustHash('other'), { homeDir: home.path, clock });
  expect(await isTrusted(FILE, hash, home.path)).toBe(true);
  expect(await isTrusted(FILE, trustHash('GATES=none\n# edited'), home.path)).toBe(false);
  expect(await isTrusted('/q/.samocode', hash, home.path)).toBe(false);
});

test('whatever the trust file holds, nothing is trusted by it and nothing throws', async () => {
  await using home = await tempDir();
  await mkdir(join(home.path, '.config/samocode'), { recursive: true });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      await writeFile(join(home.path, '.config/samocode/trusted.json'), text);
      expect(await isTrusted(FILE, trustHash(''), home.path)).toBe(false);
    }),
    { numRuns: 50 },
  );
});
