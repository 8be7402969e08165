// @module-tag ci
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { readKnownProjects } from '../../../../src/core/project/finding/known-projects.ts';
import { makeProject, type ProjectSetup } from '../../../../src/core/project/finding/make-project.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };

const setUp = (repo: TempRepo, wanted: Partial<ProjectSetup> = {}) =>
  makeProject({ mainRepo: repo.path, env: repo.env, homeDir: repo.homeDir, clock, ...wanted });

const NO_CHECK = expect.stringContaining('This project has no CHECK');

const statusOf = (repo: TempRepo) => repo.git(['status', '--porcelain', '--untracked-files=all']);

test('a repository without a project gets a file and folders outside of it, and is added to the list of projects', async () => {
  await using repo = await makeRepo({ folder: 'mein Projekt ✓' });
  const report = await setUp(repo, { lines: { CHECK: 'npm test' } });
  const file = join(repo.path, '.samocode');
  expect(report).toMatchObject({
    kind: 'made',
    project: { filePath: file, values: { checks: [{ key: 'CHECK', command: 'npm test' }] } },
    warnings: [],
  });
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => !/^(?:#|$)/.test(line));
  expect(lines).toEqual(['CHECK=npm test']);
  expect(await statusOf(repo)).toBe('?? .samocode');
  expect(await readKnownProjects(repo.homeDir)).toMatchObject([{ filePath: file }]);
});

test('setting up a second time changes nothing', async () => {
  await using repo = await makeRepo();
  await setUp(repo);
  expect(await setUp(repo)).toMatchObject({ kind: 'checked', done: [], warnings: [NO_CHECK] });
});

test('folders elsewhere are created and written in the shortest form', async () => {
  await using repo = await makeRepo();
  const sessions = join(repo.homeDir, 'my sessions');
  const worktrees = join(repo.root, 'trees');
  await setUp(repo, { sessions, worktrees });
  const text = await readFile(join(repo.path, '.samocode'), 'utf8');
  expect(text).toContain(`WORKTREES=${worktrees}\nSESSIONS=~/my sessions\n`);
  expect(await readdir(repo.root)).toContain('trees');
});

test('an existing file is kept, its missing folders are created, and a different request is reported', async () => {
  await using repo = await makeRepo();
  const text = 'MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\nTIMOUT=5\n';
  await repo.write({ '.samocode': text });
  const report = await setUp(repo, { sessions: join(repo.root, 'other') });
  expect(await readFile(join(repo.path, '.samocode'), 'utf8')).toBe(text);
  expect(report.done).toContain(`Created the folder ${join(repo.path, 's')}.`);
  expect(report.warnings).toEqual([
    expect.stringContaining('Did you mean TIMEOUT?'),
    `The existing file was kept: write SESSIONS=${join(repo.root, 'other')} into it yourself.`,
    NO_CHECK,
  ]);
  expect(await statusOf(repo)).toBe('?? .samocode');
});

test('requests that an existing file does not fulfil are reported with the lines to add', async () => {
  await using repo = await makeRepo();
  await repo.write({
    'rules.md': '',
    '.samocode': 'MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\nMAX_HOURS=8\nCONSTRAINTS=rules.md\n',
  });
  const lines = {
    CHECK: 'npm test',
    PROVIDER: 'codex',
    MAX_HOURS: '8',
    CONSTRAINTS: 'rules.md',
    GATES: 'qa,plan',
  };
  expect((await setUp(repo, { lines })).warnings).toEqual([
    'The existing file was kept: write CHECK=npm test into it yourself.',
    'The existing file was kept: write PROVIDER=codex into it yourself.',
  ]);
});

test('of two concurrent set-ups one writes the file, and reports its bytes', async () => {
  await using repo = await makeRepo();
  const commands = ['npm test', 'make check', 'true'];
  const reports = await Promise.all(commands.map((CHECK) => setUp(repo, { lines: { CHECK } })));
  const made = reports.filter((report) => report.kind === 'made');
  const text = await readFile(join(repo.path, '.samocode'), 'utf8');
  expect(made.map(({ writtenHash }) => writtenHash)).toEqual([fingerprint(text)]);
  expect(reports.flatMap(({ done }) => done).filter((words) => words.startsWith('Wrote'))).toHaveLength(1);
  for (const { project } of reports) expect(project.fileHash).toBe(fingerprint(text));
});

test('an entry other than a file at its path is not touched, and nothing is reported as created', async () => {
  await using repo = await makeRepo();
  await mkdir(join(repo.path, '.samocode'));
  await expect(setUp(repo)).rejects.toMatchObject({ code: 'file_in_the_way' });
  expect(await readdir(repo.path)).toEqual(['.git', '.samocode', 'README.md']);
});

test('a value of several lines is refused before anything is created', async () => {
  await using repo = await makeRepo();
  await expect(setUp(repo, { lines: { CHECK: 'npm test\nnpm run lint' } })).rejects.toMatchObject({
    code: 'not_one_line',
    hint: expect.stringContaining('CHECK_2'),
  });
  expect(await readdir(repo.path)).toEqual(['.git', 'README.md']);
});

test('a file next to the repository, as in the original layout, is found and checked', async () => {
  await using repo = await makeRepo();
  await writeFile(join(repo.root, '.samocode'), 'MAIN_REPO=repo\nWORKTREES=worktrees\nSESSIONS=_sessions\n');
  const report = await setUp(repo);
  expect(report).toMatchObject({ kind: 'checked', project: { filePath: join(repo.root, '.samocode') } });
  expect(await readdir(repo.root)).toEqual(expect.arrayContaining(['worktrees', '_sessions']));
  expect(await statusOf(repo)).toBe('');
});

test('lines that no setting accepts are refused before anything is created, and may be given again', async () => {
  await using repo = await makeRepo();
  const before = await readFile(join(repo.path, '.git/info/exclude'), 'utf8');
  await expect(setUp(repo, { lines: { TIMEOUT: 'long' } })).rejects.toMatchObject({
    code: 'setting_invalid',
  });
  expect(await readdir(repo.path)).toEqual(['.git', 'README.md']);
  expect(await readFile(join(repo.path, '.git/info/exclude'), 'utf8')).toBe(before);
});

test('without git nothing is created, and the error says what to ask the user', async () => {
  await using repo = await makeRepo();
  const plain = join(repo.root, 'plain');
  await mkdir(plain);
  await expect(setUp(repo, { mainRepo: plain })).rejects.toMatchObject({
    code: 'not_a_repository',
    next: [{ act: 'set_up', args: { init_repository: true } }],
  });
  expect(await readdir(plain)).toEqual([]);
});

test('with consent the folder, the repository and a first commit are created, without secrets', async () => {
  await using repo = await makeRepo();
  await repo.git(['config', '--global', 'user.name', 'Ada']);
  await repo.git(['config', '--global', 'user.email', 'ada@example.invalid']);
  const fresh = join(repo.root, 'new project');
  await mkdir(fresh);
  await writeFile(join(fresh, 'app.js'), '');
  await writeFile(join(fresh, '.env'), 'SECRET=1');
  const report = await setUp(repo, { mainRepo: fresh, initRepository: true });
  expect(report.kind).toBe('made');
  expect(await repo.git(['ls-files'], fresh)).toBe('app.js');
  expect(await repo.git(['branch', '--show-current'], fresh)).toBe('main');
  const empty = await setUp(repo, { mainRepo: join(repo.root, 'deep/empty'), initRepository: true });
  expect(empty.done[0]).toBe(`Created the folder ${join(repo.root, 'deep/empty')}.`);
});

test('the folders of a project are closed to other users, and one that is there stays as it is', async () => {
  await using repo = await makeRepo();
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  const { project } = await setUp(repo, {});
  const { sessions, worktrees } = project.values;
  expect([await modeOf(sessions), await modeOf(worktrees)]).toEqual([0o700, 0o700]);
  await chmod(sessions, 0o755);
  await setUp(repo, {});
  expect(await modeOf(sessions)).toBe(0o755);
});

test('a new file that names a missing file is removed again', async () => {
  await using repo = await makeRepo();
  await expect(setUp(repo, { lines: { CONSTRAINTS: 'gone.md' } })).rejects.toMatchObject({
    code: 'setting_invalid',
  });
  expect(await readdir(repo.path)).not.toContain('.samocode');
});

test('consent without a git identity creates no repository', async () => {
  await using repo = await makeRepo();
  const plain = join(repo.root, 'plain');
  await mkdir(plain);
  await writeFile(join(plain, 'mine.txt'), 'mine');
  await expect(setUp(repo, { mainRepo: plain, initRepository: true })).rejects.toMatchObject({
    code: 'no_git_identity',
  });
  expect(await readdir(plain)).toEqual(['mine.txt']);
});

test('the home folder is never turned into a repository', async () => {
  await using repo = await makeRepo();
  await expect(setUp(repo, { mainRepo: repo.homeDir, initRepository: true })).rejects.toMatchObject({
    code: 'not_a_repository',
  });
  // Nor is the user asked for consent.
  await expect(setUp(repo, { mainRepo: repo.homeDir })).rejects.toMatchObject({
    hint: 'Choose the folder of one project.',
  });
  expect(await readdir(repo.homeDir)).toEqual([]);
});

test('a missing identity is only a warning if nothing has to be committed yet', async () => {
  await using repo = await makeRepo({ anonymous: true });
  expect((await setUp(repo)).warnings).toEqual([
    NO_CHECK,
    expect.stringContaining('git config --global user.name'),
  ]);
});
