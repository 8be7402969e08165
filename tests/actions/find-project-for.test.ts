import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProjectFor } from '../../src/actions/find-project-for.ts';
import { listSessions } from '../../src/actions/list-sessions.ts';
import { setupProject } from '../../src/actions/setup-project.ts';
import { startSession } from '../../src/actions/start-session.ts';
import { makeRepo } from '../support/temp-repo.ts';
import { makeBench } from './bench.ts';

test('the argument counts before the roots, those before the working folder', async () => {
  await using bench = await makeBench();
  await using other = await makeRepo();
  await setupProject({ projectDir: other.path }, bench.context);
  const { context } = bench;
  const found = async (projectDir: string | undefined, roots: string[]) =>
    (await findProjectFor({ projectDir }, { ...context, roots })).mainRepo;
  expect(await found(undefined, [])).toBe(bench.repo.path);
  expect(await found(undefined, [other.path])).toBe(other.path);
  expect(await found(bench.repo.path, [other.path])).toBe(bench.repo.path);
  expect(await found(join(other.path, '.samocode'), [])).toBe(other.path);
});

test('another file than a .samocode is a place in its project, and its lines are no settings', async () => {
  await using bench = await makeBench();
  const readme = join(bench.repo.path, 'README.md');
  await writeFile(readme, 'MAIN_REPO=/\n# A shop\n');
  const project = await findProjectFor({ projectDir: readme }, bench.context);
  expect(project.filePath).toBe(join(bench.repo.path, '.samocode'));
});

test('without any folder the only known project is meant; of several one must be named', async () => {
  await using bench = await makeBench();
  const nowhere = { ...bench.context, cwd: '/' };
  expect((await findProjectFor({}, nowhere)).mainRepo).toBe(bench.repo.path);
  await using other = await makeRepo();
  await setupProject({ projectDir: other.path }, bench.context);
  await expect(findProjectFor({}, nowhere)).rejects.toMatchObject({ code: 'project_unclear' });
  await startSession({ task: 'x', projectDir: bench.repo.path, run: false }, nowhere);
  expect((await listSessions({ allProjects: true }, nowhere)).sessions).toHaveLength(1);
});

test('a SESSIONS folder that is gone is told with its key and its file', async () => {
  await using bench = await makeBench();
  await rename(bench.sessionsDir, `${bench.sessionsDir}-away`);
  await expect(listSessions({}, bench.context)).rejects.toMatchObject({
    code: 'setting_invalid',
    what: expect.stringMatching(/^SESSIONS in .*\.samocode, line \d+, cannot be used\.$/),
  });
  await mkdir(bench.sessionsDir);
  expect((await listSessions({}, bench.context)).sessions).toEqual([]);
});
