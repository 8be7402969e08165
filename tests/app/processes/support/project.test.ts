// @module-tag ci
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { trustIn } from '../../../../src/core/project/finding/trust.ts';
import { makeProject, type TempProject, writeProject } from '../../../support/project.ts';

const LINES = { PROVIDER: 'rehearsal', SANDBOX: 'off', CHECK: 'true' };

test('a project written for a test equals one that set-up creates, including trust', async () => {
  const written = await makeProject({ bare: true });
  await using first = written.repo;
  const setUp = await makeProject({ bare: true });
  await using second = setUp.repo;
  await writeProject(written, LINES);
  await setupProject({ lines: LINES }, setUp.context);
  expect(await filesOf(written)).toEqual(await filesOf(setUp));
  const { project, trust } = await setupProject({}, written.context);
  expect([trust, await trustIn(project, written.context)]).toEqual([{ kind: 'fine' }, { kind: 'fine' }]);
  expect(await first.git(['status', '--porcelain'])).toBe(await second.git(['status', '--porcelain']));
});

/** Modes and texts of all files except git's own, without times and paths. */
async function filesOf({ repo }: TempProject): Promise<Record<string, [mode: number, text: string]>> {
  const files: Record<string, [mode: number, text: string]> = {};
  for (const name of await readdir(repo.root, { recursive: true })) {
    if (/\.git\/(?!info\/exclude$)/.test(name)) continue;
    const stats = await stat(join(repo.root, name));
    const text = stats.isFile() ? await readFile(join(repo.root, name), 'utf8') : '';
    const place = text.replaceAll(repo.root, 'PLACE').replaceAll(/"[^"]*Z"|[0-9a-f]{64}/g, 'X');
    files[name.replace(/[0-9a-f]{32}/, 'HASH')] = [stats.mode, place];
  }
  return files;
}
