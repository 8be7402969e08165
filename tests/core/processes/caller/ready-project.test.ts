// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { findProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { findSession } from '../../../../src/core/caller/context/find-session.ts';
import { readyProject } from '../../../../src/core/caller/refusals/ready-project.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { isSamocodeError, type SamocodeError } from '../../../../src/core/kernel/errors.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { silentDisk } from '../../../support/failing-disk.ts';
import { openedFiles } from '../../../support/opened-files.ts';
import { INSIDE, makeProject, type ProjectPlan, trustLines } from '../../../support/project.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { CREATED, DONE, PREPARED } from '../../unit/session/events.ts';

/** The error of a start in a project with these lines in its `.samocode`. */
async function refusal(plan: ProjectPlan, question: { lines?: string; file?: string; base?: string }) {
  const { repo, context } = await makeProject(plan);
  await using _ = repo;
  if (question.file !== undefined) await writeFile(join(repo.path, '.samocode'), question.file);
  await trustLines(repo, question.lines);
  const env = { ...context.env, CODEX_PATH: '/nowhere/codex' };
  const asked = readyProject({ base: question.base }, { ...context, env });
  return (await asked.catch((error: unknown) => error)) as SamocodeError;
}

test('a start reports all unusable settings at once', async () => {
  const file = 'SESSIONS=gone\nWORKTREES=.\nTIMEOUT=abc\n';
  const error = await refusal({}, { file });
  expect(isSamocodeError(error) && error.code).toBe('several_problems');
  const lines = error.why.split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^1\. WORKTREES and MAIN_REPO cannot be used together\./),
    expect.stringMatching(/^2\. SESSIONS in .*, line 1, cannot be used\. This folder does not exist: /),
    expect.stringMatching(/^3\. TIMEOUT in .*, line 3, cannot be used\..*"abc"/),
  ]);
  expect(error.next.map(({ act }) => act)).toEqual(['set_up']);
});

test('problems of the repository, the machine and the call are in one list', async () => {
  const lines = 'TIMEOUT=abc\n';
  const error = await refusal({ anonymous: true }, { lines, base: 'no-such-branch' });
  expect(error.why.split('\n')).toEqual([
    expect.stringContaining('TIMEOUT in '),
    expect.stringContaining('Git has no author identity in '),
    expect.stringContaining('"no-such-branch"'),
  ]);
});

test('untrusted lines, missing commands and missing agent CLIs are one list, whose first sentence is not repeated', async () => {
  const plan = { lines: { PROVIDER: 'codex', CHECK: 'no-such-program', CHECK_2: 'nor-this-one' } };
  const { repo, context } = await makeProject(plan);
  await using _ = repo;
  await writeFile(join(repo.path, '.samocode'), '# changed\n', { flag: 'a' });
  const env = { ...context.env, CODEX_PATH: '/nowhere/codex' };
  const error = await readyProject({}, { ...context, env }).catch((thrown: SamocodeError) => thrown);
  expect(error).toMatchObject({
    code: 'several_problems',
    what: 'No session was started.',
    next: [expect.objectContaining({ act: 'trust' })],
  });
  const why = (error as SamocodeError).why;
  expect(why).not.toContain('No session was started');
  expect(why.split('\n')).toEqual([
    expect.stringContaining('not trusted yet'),
    expect.stringContaining('no-such-program'),
    expect.stringContaining('nor-this-one'),
    expect.stringContaining('/nowhere/codex'),
  ]);
});

test('a single problem keeps its own code', async () => {
  expect(await refusal({}, { lines: 'TIMEOUT=abc\n' })).toMatchObject({ code: 'setting_invalid' });
  expect(await refusal({}, { base: 'no-such-branch' })).toMatchObject({ code: 'base_not_found' });
});

test.runIf(process.getuid?.() === 0)(
  'a fallback that refuses root is refused at a start, as doctor says',
  async () => {
    const plan = { lines: { PROVIDER: 'rehearsal', FALLBACK: 'claude', PERMISSIONS: 'skip' } };
    const { repo, context } = await makeProject(plan);
    await using _ = repo;
    const env = { ...context.env, CLAUDE_PATH: process.execPath, IS_SANDBOX: undefined };
    await expect(readyProject({}, { ...context, env })).rejects.toMatchObject({ code: 'root_refused' });
  },
);

/** Two projects of one person. */
async function twoProjects() {
  const one = await makeProject({ acting: { by: { channel: 'tool' } } });
  const other = await makeRepo();
  await setupProject({ projectDir: other.path, ...INSIDE, lines: { PROVIDER: 'rehearsal' } }, one.context);
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
