import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gitsIn } from '../../../../src/core/kernel/processes/working-in.ts';
import { eventually } from '../../../support/eventually.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('a git is found where it works and above, not beside, and no other program is', async () => {
  await using repo = await makeRepo();
  const [below, beside] = [join(repo.path, 'below'), `${repo.path}-2`];
  for (const each of [below, beside]) await mkdir(each);
  const program = (file: string, ...args: string[]) =>
    spawn(file, args, { cwd: repo.path, env: repo.env, stdio: ['pipe', 'ignore', 'ignore'] });
  const running = [program('git', 'hash-object', '--stdin'), program('cat')];
  await eventually(async () => gitsIn(repo.path)?.length === 1, { what: 'the start of git' });
  const found = [repo.path, repo.root, below, beside].map((folder) => gitsIn(folder));
  for (const each of running) each.stdin?.end();
  await Promise.all(running.map((each) => once(each, 'close')));
  expect(found).toEqual([[running[0]?.pid], [running[0]?.pid], [], []]);
  expect(gitsIn(repo.path)).toEqual([]);
});

test('where the system has no /proc, nothing is known', async () => {
  await using dir = await tempDir();
  expect(gitsIn(dir.path, join(dir.path, 'proc'))).toBeUndefined();
});
