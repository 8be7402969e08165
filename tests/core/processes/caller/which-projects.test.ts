// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { findProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { findSession } from '../../../../src/core/caller/context/find-session.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { silentDisk } from '../../../support/failing-disk.ts';
import { openedFiles } from '../../../support/opened-files.ts';
import { makeProject } from '../../../support/project.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { CREATED, DONE, PREPARED } from '../../unit/session/events.ts';

/** Two projects of one person. */
async function twoProjects() {
  const one = await makeProject({ acting: { by: { channel: 'tool' } } });
  const other = await makeRepo();
  await setupProject({ projectDir: other.path, lines: { PROVIDER: 'rehearsal' } }, one.context);
  return {
    ...one,
    other,
    both: { ...one.context, roots: [one.repo.path, other.path] },
    async [Symbol.asyncDispose]() {
      await one.repo[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  };
}

test.each([
  ['start_session', { task: 'Name the boats', name: 'boats', start: false }],
  ['setup_project', {}],
  ['stop_session', { group: '*' }],
])('with two projects open in one client, %s takes neither before one is named', async (tool, args) => {
  await using projects = await twoProjects();
  const { both, repo, other } = projects;
  const unclear = await askTool(tool, args, both);
  expect(unclear.json).toMatchObject({ code: 'project_unclear' });
  for (const { path } of [repo, other]) expect(JSON.stringify(unclear.json)).toContain(path);
  const named = await askTool(tool, { ...args, project_dir: other.path }, both);
  expect(named.json.code).not.toBe('project_unclear');
});

test('several folders of one project are no choice', async () => {
  await using projects = await twoProjects();
  const { context, repo } = projects;
  await mkdir(join(repo.path, 'docs'));
  const roots = [join(repo.path, 'docs'), repo.path];
  expect((await findProjectFor({}, { ...context, roots })).mainRepo).toBe(repo.path);
  expect((await askTool('setup_project', {}, { ...context, roots })).json).toMatchObject({
    main_repo: repo.path,
  });
});

test('two known projects that name the repository around the working folder are a choice', async () => {
  await using bare = await makeProject({ bare: true }).then(disposable);
  await using place = await tempDir();
  const { context, repo } = bare;
  for (const name of ['one', 'two']) {
    const sessions = join(place.path, name, 'sessions');
    await mkdir(sessions, { recursive: true });
    const filePath = join(place.path, name, '.samocode');
    await writeFile(filePath, `MAIN_REPO=${repo.path}\nSESSIONS=sessions\nWORKTREES=worktrees\n`);
    await rememberProject(
      { filePath, mainRepo: repo.path, sessions },
      { homeDir: repo.homeDir, clock: systemClock },
    );
  }
  const run = await typed(['run', '--task', 'Name the boats'], { cwd: repo.path, home: repo.homeDir });
  expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(join(place.path, 'two')) });
  expect(run.stderr).toContain('The project is ambiguous.');
  const { checks } = await doctor({}, { ...context, by: { channel: 'cli' } });
  expect(checks.find(({ id }) => id === 'project')).toMatchObject({ level: 'fail' });
  using disk = silentDisk(place.path);
  await expect(findProjectFor({}, context)).rejects.toMatchObject({ code: 'project_not_found' });
  expect(disk.asked()).toBeGreaterThan(0);
});

test('an import takes no folder of one project while another one has a folder of that name', async () => {
  await using projects = await twoProjects();
  await using nowhere = await tempDir();
  const { repo, other } = projects;
  for (const { path } of [repo, other]) {
    const folder = join(path, '_samocode/sessions/26-01-08-boat');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '_overview.md'), '# Session: boat\n\nPhase: planning\n');
  }
  const run = await typed(['import', 'boat'], { cwd: nowhere.path, home: repo.homeDir });
  expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(repo.path) });
  expect(run.stderr).toContain(other.path);
});

test('in a terminal the working folder counts, not the folder of a client around it', async () => {
  await using projects = await twoProjects();
  const { repo, other } = projects;
  const env = { CLAUDE_PROJECT_DIR: repo.path };
  const listed = await typed(['list', '--json'], { cwd: other.path, home: repo.homeDir, env });
  expect(listed.stdout).toContain(join(other.path, '_samocode/sessions'));
});

test('for an unknown name no session is opened only to name others', async () => {
  await using serverRig = await makeServerRig();
  for (const n of [1, 2, 3]) await serverRig.addSession(`26-01-0${n}-boat`, [CREATED, PREPARED, DONE]);
  using opened = openedFiles();
  const refused = await findSession({ session: 'qqqqqqqq' }, serverRig.context).catch((error) => error);
  expect(refused.why).toContain('26-01-03-boat, 26-01-02-boat, 26-01-01-boat');
  expect(opened.paths.filter((path) => path.startsWith(serverRig.sessionsDir))).toEqual([]);
});

function disposable<T extends { repo: AsyncDisposable }>(made: T): T & AsyncDisposable {
  return { ...made, [Symbol.asyncDispose]: () => made.repo[Symbol.asyncDispose]() };
}
