import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseStatus, readStatus, UNTRACKED } from '../../../../src/core/project/git/status-entries.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('changes, renames, new files and folders of a real repository are read with their names', async () => {
  await using repo = await makeRepo({
    files: { 'a b.txt': 'a', 'ü\n.txt': 'u', 'old.txt': 'content that is long enough' },
  });
  await repo.write({ 'a b.txt': 'changed', 'ü\n.txt': 'changed', 'new/x.txt': '', 'new/y.txt': '' });
  await rename(join(repo.path, 'old.txt'), join(repo.path, 'renamed to.txt'));
  await repo.git(['add', '-A', '--', 'old.txt', 'renamed to.txt']);
  const blobOf = (text: string) => createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex');
  const indexOf = (text: string) => ({ index: `N... 100644 100644 ${blobOf(text)}`, isOnlyContent: true });
  expect(await readStatus({ cwd: repo.path, baseEnv: repo.env })).toEqual({
    exitCode: 0,
    head: await repo.git(['rev-parse', 'HEAD']),
    branch: 'main',
    entries: [
      { kind: 'changed', path: 'a b.txt', ...indexOf('a') },
      { kind: 'changed', path: 'renamed to.txt', from: 'old.txt' },
      { kind: 'changed', path: 'ü\n.txt', ...indexOf('u') },
      { kind: 'untracked', path: 'new/', index: UNTRACKED },
    ],
  });
});

test('before the first commit there is no commit, and on a detached HEAD no branch', () => {
  expect(parseStatus(['# branch.oid (initial)', '# branch.head (detached)', ''])).toEqual({ entries: [] });
});

test('a conflict is distinguished from a change', () => {
  const line = 'u UU N... 100644 100644 100644 100644 1111 2222 3333 both sides.txt\0';
  expect(parseStatus(line.split('\0')).entries).toEqual([{ kind: 'conflict', path: 'both sides.txt' }]);
});
