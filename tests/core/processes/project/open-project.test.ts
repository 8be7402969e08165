// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../../../src/core/project/finding/open-project.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

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
