import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { findProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { readTrust, trustProject } from '../../../../src/core/caller/context/trust-project.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { startSession } from '../../../support/start-session.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('the argument takes precedence over the roots, and those over the working folder', ci, async () => {
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

test('any file but a .samocode identifies the project around it, and its lines are not read as settings', async () => {
  await using bench = await makeBench();
  const readme = join(bench.repo.path, 'README.md');
  await writeFile(readme, 'MAIN_REPO=/\n# A shop\n');
  const project = await findProjectFor({ projectDir: readme }, bench.context);
  expect(project.filePath).toBe(join(bench.repo.path, '.samocode'));
});

test('without any folder the only known project is used; of several one must be named', async () => {
  await using bench = await makeBench();
  const nowhere = { ...bench.context, cwd: '/' };
  expect((await findProjectFor({}, nowhere)).mainRepo).toBe(bench.repo.path);
  await using other = await makeRepo();
  await setupProject({ projectDir: other.path }, bench.context);
  await expect(findProjectFor({}, nowhere)).rejects.toMatchObject({ code: 'project_unclear' });
  await startSession({ task: 'x', projectDir: bench.repo.path, run: false }, nowhere);
  expect((await listSessions({ allProjects: true }, nowhere)).sessions).toHaveLength(1);
});

test('a folder that the client names, or a repository around the working folder, is never replaced by another project', async () => {
  await using bench = await makeBench();
  await using other = await makeRepo();
  const { context } = bench;
  const elsewhere = {
    code: 'project_not_found',
    next: expect.arrayContaining([expect.objectContaining({ act: 'name_project' })]),
  };
  await findProjectFor({}, context);
  const start = (more: Partial<typeof context>) =>
    startSession({ task: 'x', run: false }, { ...context, ...more });
  await expect(start({ cwd: other.path })).rejects.toMatchObject(elsewhere);
  await expect(start({ roots: [other.path] })).rejects.toMatchObject(elsewhere);
  const env = { ...context.env, CLAUDE_PROJECT_DIR: other.path };
  await expect(start({ env, roots: [] })).rejects.toMatchObject(elsewhere);
  const { checks } = await doctor({}, { ...context, cwd: other.path });
  expect(checks.find(({ id }) => id === 'project')).toMatchObject({ isAbsent: true });
  expect((await listSessions({}, context)).sessions).toEqual([]);
});

test('if nothing names a project, the result says which one was used', async () => {
  await using bench = await makeBench();
  await findProjectFor({}, bench.context);
  const nowhere = { ...bench.context, cwd: '/', roots: ['/'] };
  const { warnings, view } = await startSession({ task: 'x', name: 'boats', run: false }, nowhere);
  expect(warnings).toContainEqual(
    expect.stringContaining(`this is about ${bench.repo.path}, the only project`),
  );
  expect((await findProjectFor({}, bench.context)).warnings).toEqual([]);
  expect((await getStatus({ session: 'boats' }, nowhere)).view.folder).toBe(view.folder);
});

test('a linked worktree, and a repository that a project elsewhere names, belong to that project', async () => {
  await using bench = await makeBench({ bare: true });
  await using place = await tempDir();
  const { repo, context } = bench;
  const file = join(place.path, '.samocode');
  for (const name of ['s', 'w']) await mkdir(join(place.path, name));
  await writeFile(file, `MAIN_REPO=${repo.path}\nSESSIONS=s\nWORKTREES=w\nPROVIDER=rehearsal\n`);
  await expect(findProjectFor({}, context)).rejects.toMatchObject({ code: 'project_not_found' });
  const there = { projectDir: place.path };
  await expect(findProjectFor(there, context)).rejects.toMatchObject({ code: 'place_not_trusted' });
  const { project } = await readTrust(there, context);
  await trustProject({ ...there, hash: project.fileHash }, context);
  await findProjectFor(there, context);
  const linked = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '--quiet', linked]);
  for (const cwd of [repo.path, linked]) {
    const { filePath, warnings } = await findProjectFor({}, { ...context, cwd });
    expect({ filePath, warnings }).toEqual({ filePath: file, warnings: [] });
  }
});

test('a missing SESSIONS folder is reported with its key and its file', async () => {
  await using bench = await makeBench();
  await rename(bench.sessionsDir, `${bench.sessionsDir}-away`);
  await expect(listSessions({}, bench.context)).rejects.toMatchObject({
    code: 'setting_invalid',
    what: expect.stringMatching(/^SESSIONS in .*\.samocode, line \d+, cannot be used\.$/),
  });
  await mkdir(bench.sessionsDir);
  expect((await listSessions({}, bench.context)).sessions).toEqual([]);
});
