// @module-tag ci
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commitSessionFiles } from '../../../../src/core/project/checkpoints/session-repository.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('a lock that remains in a repository of sessions is reported with its path', async () => {
  await using main = await makeRepo();
  await using sessions = await makeRepo();
  await sessions.write({ 'boat/_overview.md': 'x' });
  const lock = join(sessions.path, '.git/index.lock');
  await writeFile(lock, '');
  const plan = { sessionDir: join(sessions.path, 'boat'), mainRepo: main.path, baseEnv: main.env };
  await expect(commitSessionFiles({ ...plan, message: 'Files' })).rejects.toMatchObject({
    code: 'session_repository_locked',
    why: expect.stringContaining(lock),
  });
});

test('a lock that disappears during the pause is not a problem', async () => {
  await using main = await makeRepo();
  await using sessions = await makeRepo();
  await sessions.write({ 'boat/_overview.md': 'x' });
  const lock = join(sessions.path, '.git/index.lock');
  await writeFile(lock, '');
  const plan = { sessionDir: join(sessions.path, 'boat'), mainRepo: main.path, baseEnv: main.env };
  const pause = () => rm(lock);
  expect(await commitSessionFiles({ ...plan, message: 'Files', pause })).toBe(true);
});
