// @module-tag ci

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { trustIn } from '../../../../src/core/project/finding/trust.ts';
import { INSIDE, makeProject, projectOf, type TempProject, writeProject } from '../../../support/project.ts';
import { makeSampleRepo } from '../../../support/sample-repo/make.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const LINES = { PROVIDER: 'rehearsal', SANDBOX: 'off', CHECK: 'true' };

test('a project written for a test equals one that set-up creates, including trust', async () => {
  const written = await makeProject({ bare: true });
  await using first = written.repo;
  const setUp = await makeProject({ bare: true });
  await using second = setUp.repo;
  await writeProject(await projectOf(first), LINES);
  await setupProject({ ...INSIDE, lines: { MAIN_REPO: '.', ...LINES } }, setUp.context);
  expect(await filesOf(written)).toEqual(await filesOf(setUp));
  const { project, trust } = await setupProject({}, written.context);
  expect([trust, await trustIn(project, written.context)]).toEqual([{ kind: 'fine' }, { kind: 'fine' }]);
  expect(await first.git(['status', '--porcelain'])).toBe(await second.git(['status', '--porcelain']));
});

/** Modes and texts of all files except git's own, without times and paths. */
async function filesOf({ repo }: TempProject): Promise<Record<string, [mode: number, text: string]>> {
  const files: Record<string, [mode: number, text: string]> = {};
  for (const name of await readdir(repo.root, { recursive: true })) {
    if (/\.git\//.test(name)) continue;
    const stats = await stat(join(repo.root, name));
    const text = stats.isFile() ? await readFile(join(repo.root, name), 'utf8') : '';
    const place = text.replaceAll(repo.root, 'PLACE').replaceAll(/"[^"]*Z"|[0-9a-f]{64}/g, 'X');
    files[name.replace(/[0-9a-f]{32}/, 'HASH')] = [stats.mode, place];
  }
  return files;
}

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
