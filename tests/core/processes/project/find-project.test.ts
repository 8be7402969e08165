// @module-tag ci
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProject } from '../../../../src/core/project/finding/find-project.ts';
import { openProject } from '../../../../src/core/project/finding/open-project.ts';
import {
  isParsable,
  missingProgram,
  type ProjectCommandOptions,
  runProjectShell,
} from '../../../../src/core/project/proving/project-command.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const find = (repo: TempRepo, from: string, homeDir = repo.root) => findProject({ from, homeDir });

test('the file is found from a folder deep inside the repository', async () => {
  await using repo = await makeRepo({ files: { 'src/deep/a.ts': '' } });
  await repo.write({ '.samocode': '' });
  expect(await find(repo, join(repo.path, 'src/deep'))).toBe(join(repo.path, '.samocode'));
  expect(await find(repo, join(repo.path, 'src/gone'))).toBe(join(repo.path, '.samocode'));
});

test('the nearest file wins', async () => {
  await using repo = await makeRepo({ files: { 'part/a.ts': '' } });
  await repo.write({ '.samocode': '', 'part/.samocode': '' });
  expect(await find(repo, join(repo.path, 'part'))).toBe(join(repo.path, 'part/.samocode'));
});

test('a file above the repository counts if it names this repository or its folders', async () => {
  await using repo = await makeRepo({ files: { 'src/a.ts': '' } });
  const file = join(repo.root, '.samocode');
  await writeFile(file, 'MAIN_REPO=repo\nWORKTREES=trees\nSESSIONS=_sessions\n');
  const sessions = join(repo.root, '_sessions');
  await mkdir(sessions);
  await repo.git(['init', '-q'], sessions);
  await symlink(repo.path, join(repo.root, 'link'));
  expect(await find(repo, join(repo.path, 'src'))).toBe(file);
  expect(await find(repo, join(repo.root, 'link/src'))).toBe(file);
  expect(await find(repo, sessions)).toBe(file);
  expect(await find(repo, repo.root)).toBe(file);
});

test('a file above the repository that names another one is only mentioned', async () => {
  await using repo = await makeRepo();
  const file = join(repo.root, '.samocode');
  await writeFile(file, 'MAIN_REPO=other\n');
  expect(await find(repo, repo.path)).toMatchObject({
    code: 'project_not_found',
    args: { searched: [repo.path] },
    why: expect.stringContaining(`${file} belongs to another repository`),
    next: [{ act: 'set_up' }, { act: 'name_project' }],
  });
});

test('a linked worktree has the project of its main checkout, not its own copy', async () => {
  await using repo = await makeRepo({ files: { '.samocode': 'MAIN_REPO=.', 'src/a.ts': '' } });
  const tree = join(repo.root, 'elsewhere/tree');
  await repo.git(['worktree', 'add', '-q', '--detach', tree]);
  expect(await find(repo, join(tree, 'src'))).toBe(join(repo.path, '.samocode'));
});

test('the search ends at the home folder', async () => {
  await using repo = await makeRepo();
  await writeFile(join(repo.root, '.samocode'), '');
  await mkdir(join(repo.homeDir, 'notes'));
  expect(await find(repo, join(repo.homeDir, 'notes'), repo.homeDir)).toMatchObject({
    args: { searched: [join(repo.homeDir, 'notes'), repo.homeDir] },
  });
});

test("the user's own file counts in a world-writable folder", async () => {
  await using repo = await makeRepo();
  await chmod(repo.path, 0o777);
  await repo.write({ '.samocode': '' });
  expect(await find(repo, repo.path)).toBe(join(repo.path, '.samocode'));
});

test('a folder called .samocode is not a project', async () => {
  await using repo = await makeRepo();
  await mkdir(join(repo.path, '.samocode'));
  expect(await find(repo, repo.path)).toMatchObject({ code: 'project_not_found' });
});

const FILE = 'MAIN_REPO=.\nWORKTREES=_samocode/worktrees\nSESSIONS=_samocode/sessions\n';

async function projectIn(repo: TempRepo, text = FILE) {
  await mkdir(join(repo.path, '_samocode/worktrees'), { recursive: true });
  await mkdir(join(repo.path, '_samocode/sessions'));
  await repo.write({ '.samocode': text });
  return openProject({ filePath: join(repo.path, '.samocode'), env: repo.env, homeDir: repo.homeDir });
}

test('a project whose folders exist opens with its settings and its repository', async () => {
  await using repo = await makeRepo();
  expect(await projectIn(repo)).toMatchObject({
    filePath: join(repo.path, '.samocode'),
    fileHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    mainRepo: repo.path,
    commonDir: join(repo.path, '.git'),
    values: { sessions: join(repo.path, '_samocode/sessions'), provider: 'claude' },
    warnings: [],
  });
});

test('the .env of the config folder is read', async () => {
  await using repo = await makeRepo();
  await mkdir(join(repo.homeDir, '.config/samocode'), { recursive: true });
  await writeFile(join(repo.homeDir, '.config/samocode/.env'), 'SAMOCODE_PROVIDER="codex" # mine\n');
  expect((await projectIn(repo)).values.provider).toBe('codex');
});

test.each([
  ['SESSIONS=gone', 'SESSIONS in', 'This folder does not exist: '],
  ['CONSTRAINTS=gone.md', 'CONSTRAINTS in', 'This file does not exist: '],
  ['MCP=_samocode', 'MCP in', 'This is not a file: '],
  ['CONSTRAINTS=/dev/null', 'CONSTRAINTS in', 'This is not a file: '],
  ['CONSTRAINTS=large', 'CONSTRAINTS in', 'This file is larger than 1 MiB: '],
])('%s is an error that names the line and the path', async (line, what, why) => {
  await using repo = await makeRepo();
  await repo.write({ large: 'x'.repeat(1024 * 1024 + 1) });
  await expect(projectIn(repo, `${FILE}${line}\n`)).rejects.toMatchObject({
    code: 'setting_invalid',
    what: expect.stringContaining(what),
    why: expect.stringContaining(why),
  });
});

test.each([
  ['SESSIONS=_samocode/worktrees', 'SESSIONS and WORKTREES'],
  ['SESSIONS=.', 'SESSIONS and MAIN_REPO'],
  ['WORKTREES=.', 'WORKTREES and MAIN_REPO'],
])('%s would mix files and is refused', async (line, both) => {
  await using repo = await makeRepo();
  await expect(projectIn(repo, `${FILE}${line}\n`)).rejects.toMatchObject({
    code: 'folders_collide',
    what: expect.stringContaining(both),
  });
});

test('a MAIN_REPO without git is refused with the next step', async () => {
  await using repo = await makeRepo();
  await mkdir(join(repo.root, 'plain'));
  await expect(projectIn(repo, FILE.replace('=.', '=../plain'))).rejects.toMatchObject({
    code: 'not_a_repository',
    next: [{ act: 'set_up', args: { init_repository: true } }],
  });
});

test('a missing file is an error with the next step', async () => {
  await using repo = await makeRepo();
  const filePath = join(repo.path, '.samocode');
  await expect(openProject({ filePath, env: repo.env, homeDir: repo.homeDir })).rejects.toMatchObject({
    code: 'project_file_unreadable',
    why: `${filePath} does not exist.`,
  });
});

const where = { cwd: '/', env: { PATH: '/usr/bin:/bin' } };
const failureOf = async (command: string, options: ProjectCommandOptions) =>
  (await runProjectShell(command, options)).failure;

test('a command that exits with 0 has passed, and any other reports how it ended', async () => {
  expect(await failureOf('true', where)).toBeUndefined();
  expect(await failureOf('exit 3', where)).toEqual({ how: 'exit status 3', lastLines: '' });
  expect(await failureOf('kill -9 $$', where)).toEqual({ how: 'ended by a signal', lastLines: '' });
});

test('a failure has the last lines that the command printed on either stream, readable', async () => {
  const command = String.raw`i=0; while [ $i -lt 60 ]; do echo $i; i=$((i+1)); done; printf '\033[31mred\033[0m\001' >&2; exit 2`;
  const { lastLines = '' } = (await failureOf(command, where)) ?? {};
  expect(lastLines.split('\n')).toHaveLength(40);
  expect(lastLines).toMatch(/\n59\nred\\u0001$/);
});

test('a command that leaves a server behind, with its output open, is not waited for', async () => {
  expect(await failureOf('sleep 300 & true', where)).toBeUndefined();
  expect(await failureOf('sleep 300 & exit 1', where)).toEqual({ how: 'exit status 1', lastLines: '' });
});

test.each([
  ['mytool', 'mytool'],
  ['cd /tmp && true && mytool --all', 'mytool'],
  ['(mytool) | exit 127; mytool2', 'mytool2'],
  ['/no/such/tool x', '/no/such/tool'],
  ['/etc/passwd', '/etc/passwd'],
])('the shell itself cannot find a program in: %s', async (command, missing) => {
  expect(await failureOf(command, where)).toMatchObject({ missing });
});

test.each([
  'exit 127',
  'sh -c mytool',
  './gone.sh',
  'scripts/gone.sh --all',
  'mytool || exit 1',
  'echo "samocode: 1: x: not found" >&2; exit 1',
])('not a missing program, however it ends: %s', async (command) => {
  const failure = await failureOf(command, where);
  expect(failure?.how).toMatch(/^exit status/);
  expect(failure?.missing).toBeUndefined();
});

test.each([
  ['mytool --fast', 'mytool'],
  ['CI=1 NODE_ENV=test mytool', 'mytool'],
  ['mytool&&true', 'mytool'],
  ['/no/such/tool', '/no/such/tool'],
  ['/etc/passwd', '/etc/passwd'],
  ['scripts/gone.sh', 'scripts/gone.sh'],
])('the first program is searched before it is run: %s', async (command, missing) => {
  expect(await missingProgram(command, where)).toBe(missing);
});

test.each([
  'true && mytool',
  'mytool || true',
  'mytool; true',
  'mytool | tee log',
  'mytool & wait',
  '[ -e x ] || mytool',
  'if true; then mytool; fi',
  '! mytool',
  '(mytool)',
  '{ mytool; }',
  '$TOOL --all',
  '"my tool" x',
  '~/bin/mytool',
  'PATH=/opt/mine/bin mytool',
  'A=$(pwd) mytool',
  'check() { mytool; }; check',
  'cd web && mytool',
  'cd web',
  '/bin/sh script',
  '# mytool',
  '',
])('checking the first program gives no false alarm for: %s', async (command) => {
  expect(await missingProgram(command, where)).toBeUndefined();
});

test.each([
  ['npm ci && npm test', true],
  ['CI=1 npx vitest run --project=unit', true],
  ['if true; then make; fi', true],
  ['make "all', false],
  ['done', false],
  ['npm test &&', false],
])('the syntax of %s is right: %s', async (command, isRight) => {
  expect(await isParsable(command, where)).toBe(isRight);
});

test('the first program is searched in the given folder and PATH', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'bin'));
  await writeFile(join(dir.path, 'bin/mytool'), '#!/bin/sh\n', { mode: 0o755 });
  const env = { PATH: `${dir.path}/bin` };
  expect(await missingProgram('mytool', { cwd: '/', env })).toBeUndefined();
  expect(await missingProgram('bin/mytool', { cwd: dir.path, env })).toBeUndefined();
});
