// @module-tag ci
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import { makeSampleRepo } from '../../../../support/sample-repo/make.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

test('the sample repository always has the same history, many files and tests that pass', async () => {
  await using dir = await tempDir();
  const env = { PATH: process.env.PATH ?? '', HOME: dir.path };
  const paths = [join(dir.path, 'one'), join(dir.path, 'two')];
  for (const path of paths) await makeSampleRepo(path, env);
  const git = async (cwd: string, ...args: string[]) =>
    (await runCommand('git', args, { cwd, env })).stdout.trim();
  const [one = '', two = ''] = paths;
  expect(await git(one, 'rev-parse', 'HEAD')).toBe(await git(two, 'rev-parse', 'HEAD'));
  expect(await git(one, 'status', '--porcelain')).toBe('');
  expect(Number(await git(one, 'rev-list', '--count', 'HEAD'))).toBeGreaterThanOrEqual(30);
  expect((await git(one, 'ls-files')).split('\n').length).toBeGreaterThanOrEqual(200);
  expect((await git(one, 'shortlog', '-s', 'HEAD')).split('\n')).toHaveLength(4);
  const tests = await runCommand('npm', ['test'], { cwd: one, env });
  expect(tests).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[#ℹ] pass 14$/m) });
  const missing = await runCommand('node', ['bin/quay.js', '5 ft 3 in', 'in'], { cwd: one, env });
  expect(missing.exitCode).toBe(1);
});
