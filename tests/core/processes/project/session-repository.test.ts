// @module-tag ci
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commitSessionFiles } from '../../../../src/core/project/checkpoints/session-repository.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('documents are committed if SESSIONS is a separate repository, and staged files stay staged', async () => {
  await using main = await makeRepo();
  await using sessions = await makeRepo();
  await sessions.write({ 'boat/_overview.md': 'x', 'mine.txt': 'staged' });
  await sessions.git(['add', 'mine.txt']);
  const plan = { sessionDir: join(sessions.path, 'boat'), mainRepo: main.path, baseEnv: main.env };
  expect(await commitSessionFiles({ ...plan, message: 'Files' })).toBe(true);
  expect(await sessions.git(['show', '--name-only', '--format=%s'])).toBe('Files\n\nboat/_overview.md');
  expect(await sessions.git(['status', '--porcelain'])).toBe('A  mine.txt');
});

test.each(['merge', 'cherry-pick', 'rebase'])(
  'during a %s in that repository no documents are committed',
  async (act) => {
    await using main = await makeRepo();
    await using sessions = await makeRepo({ files: { 'a.txt': 'one' } });
    await sessions.git(['checkout', '-q', '-b', 'other']);
    await sessions.commit('Theirs', { 'a.txt': 'two' });
    await sessions.git(['checkout', '-q', 'main']);
    await sessions.commit('Ours', { 'a.txt': 'three' });
    await expect(sessions.git([act, 'other'])).rejects.toThrow(`git ${act}`);
    const before = await sessions.git(['status', '--porcelain']);
    const sessionDir = join(sessions.path, 'boat');
    await mkdir(sessionDir);
    await sessions.write({ 'boat/_overview.md': 'x' });
    const plan = { sessionDir, mainRepo: main.path, baseEnv: main.env };
    expect(await commitSessionFiles({ ...plan, message: 'Files' })).toBe(false);
    expect(await sessions.git(['status', '--porcelain'])).toBe(`${before}\n?? boat/`);
    await sessions.git([act, '--abort']);
    expect(await commitSessionFiles({ ...plan, message: 'Files' })).toBe(true);
  },
);

test('a repository that merely encloses the sessions is not touched', async () => {
  await using main = await makeRepo();
  await using around = await makeRepo();
  await around.write({ 'sessions/boat/_overview.md': 'x' });
  const plan = { sessionDir: join(around.path, 'sessions/boat'), mainRepo: main.path, baseEnv: main.env };
  expect(await commitSessionFiles({ ...plan, message: 'Files' })).toBe(false);
  expect(await around.git(['status', '--porcelain'])).toBe('?? sessions/');
});

test('files that cannot be committed are unstaged', async () => {
  await using main = await makeRepo();
  await using sessions = await makeRepo({ anonymous: true });
  await sessions.write({ 'boat/_overview.md': 'x' });
  const plan = { sessionDir: join(sessions.path, 'boat'), mainRepo: main.path, baseEnv: main.env };
  expect(await commitSessionFiles({ ...plan, message: 'Files' })).toBe(false);
  expect(await sessions.git(['status', '--porcelain'])).toBe('?? boat/');
});
