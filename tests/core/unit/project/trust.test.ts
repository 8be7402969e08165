import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { isOnNow, isTrusted, riskyLines, trustFile } from '../../../../src/core/project/finding/trust.ts';
import { projectRows } from '../../../../src/core/project/settings/project-rows.ts';
import { resolveSettings } from '../../../../src/core/project/settings/resolve-settings.ts';
import type { CallSettings } from '../../../../src/core/project/settings/settings.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
const FILE = '/p/.samocode';

const riskyIn = (lines: string, call: CallSettings = {}) =>
  riskyLines(
    resolveSettings({
      projectFile: { path: FILE, text: `MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\n${lines}` },
      env: {},
      call,
      homeDir: '/home/me',
    }),
  );

test('commands and lines that relax a rule need trust, each with its value', () => {
  expect(riskyIn('GATES=none\nSETUP=curl x | sh\nCHECK_LINT=npm run lint\nMODEL=opus\n')).toEqual([
    { key: 'SETUP', risk: 'runs', value: 'curl x | sh' },
    { key: 'GATES', risk: 'loosens', value: 'none' },
    { key: 'CHECK_LINT', risk: 'runs', value: 'npm run lint' },
  ]);
});

test('a file of folders and harmless lines needs no trust', () => {
  expect(riskyIn('PROVIDER=codex\nMAX_HOURS=3\nGATES=qa,plan\nPERMISSIONS=skip\n')).toEqual([]);
});

test('a line that makes a rule stricter relaxes nothing', () => {
  expect(riskyIn('GATES=plan,qa\nGATE_CHANNELS=cli,file\nPERMISSIONS=allow\n')).toEqual([]);
  expect(riskyIn('GATES=qa')).toEqual([{ key: 'GATES', risk: 'loosens', value: 'qa' }]);
});

test('a lower sandbox level and every writable path relax a rule, a higher level does not', () => {
  expect(riskyIn('SANDBOX=guard\n')).toEqual([]);
  expect(riskyIn('SANDBOX=auto\n')).toEqual([]);
  expect(riskyIn('SANDBOX=off\n')).toEqual([{ key: 'SANDBOX', risk: 'loosens', value: 'off' }]);
  expect(riskyIn('SANDBOX=guard\nSANDBOX_WRITE=~/a,/b\n')).toEqual([
    { key: 'SANDBOX_WRITE', risk: 'loosens', value: '/home/me/a,/b' },
  ]);
});

test('a line that is written counts only in the content that was trusted', async () => {
  await using home = await tempDir();
  const file = join(home.path, '.samocode');
  const isOn = async (text: string) => {
    await writeFile(file, text);
    return await isOnNow(file, 'PR_WATCH', home.path);
  };
  const text = 'PR_WATCH=On\n';
  expect(await isOnNow(file, 'PR_WATCH', home.path)).toBe('off');
  expect(await isOn(text)).toBe('untrusted');
  await trustFile(file, fingerprint(text), { homeDir: home.path, clock });
  expect(await isOn(text)).toBe('on');
  expect(await isOn(`${text}PR_ROUNDS=50\n`)).toBe('untrusted');
  expect(await isOn('PR_WATCH=off\n')).toBe('off');
});

test("checks in the agent's folder relax a rule, checks on a fresh clone do not", () => {
  expect(riskyIn('CHECK_IN=clone\n')).toEqual([]);
  expect(riskyIn('CHECK_IN=worktree\n')).toEqual([{ key: 'CHECK_IN', risk: 'loosens', value: 'worktree' }]);
});

test('settings that need no trust are at their most permissive by default', () => {
  const { permissions, gateChannels } = projectRows();
  expect(permissions.default).toBe('skip');
  expect(gateChannels.default.split(',')).toEqual([...(gateChannels.choices ?? [])]);
});

test('settings of a call are independent of the file, and no call sets gates', () => {
  const call: CallSettings = {
    checks: [{ key: 'CHECK', command: 'npm test' }],
    setup: 'npm ci',
  };
  expect(riskyIn('CHECK=rm -rf ~\nGATES=none\nSETUP=x\n', call)).toEqual([
    { key: 'GATES', risk: 'loosens', value: 'none' },
  ]);
});

test('only the exact content is trusted, at the exact path', async () => {
  await using home = await tempDir();
  const hash = 'a'.repeat(64);
  expect(await isTrusted(FILE, hash, home.path)).toBe(false);
  await trustFile(FILE, hash, { homeDir: home.path, clock });
  await trustFile('/q/.samocode', 'b'.repeat(64), { homeDir: home.path, clock });
  expect(await isTrusted(FILE, hash, home.path)).toBe(true);
  expect(await isTrusted(FILE, 'c'.repeat(64), home.path)).toBe(false);
  expect(await isTrusted('/q/.samocode', hash, home.path)).toBe(false);
});

test('with a record that was copied from another project nothing is trusted', async () => {
  await using home = await tempDir();
  const hash = 'a'.repeat(64);
  await trustFile(FILE, hash, { homeDir: home.path, clock });
  const folder = join(home.path, '.config/samocode/trusted');
  const [name = ''] = await readdir(folder);
  const record = JSON.parse(await readFile(join(folder, name), 'utf8'));
  await writeFile(join(folder, name), JSON.stringify({ ...record, filePath: '/q/.samocode' }));
  expect(await isTrusted(FILE, hash, home.path)).toBe(false);
});

test('trust given concurrently to different files is recorded for all of them', async () => {
  await using home = await tempDir();
  const files = Array.from({ length: 20 }, (_, index) => `/p${index}/.samocode`);
  const hash = 'a'.repeat(64);
  await Promise.all(files.map((file) => trustFile(file, hash, { homeDir: home.path, clock })));
  const trusted = await Promise.all(files.map((file) => isTrusted(file, hash, home.path)));
  expect(trusted).toEqual(files.map(() => true));
});
