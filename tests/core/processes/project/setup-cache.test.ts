// @module-tag ci
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type CacheQuestion,
  cacheKey,
  openChecksRoot,
  restoreCache,
  storeCache,
} from '../../../../src/core/project/proving/setup-cache.ts';
import { tempDir } from '../../../support/temp-dir.ts';

async function scene(root: string, lock = 'one'): Promise<CacheQuestion> {
  const cloneDir = join(root, 'clone');
  await mkdir(join(cloneDir, 'web'), { recursive: true });
  await writeFile(join(cloneDir, 'web/package-lock.json'), lock);
  return {
    cacheDir: join(root, '.cache'),
    cloneDir,
    folders: ['web/node_modules'],
    setup: 'npm ci',
    path: '/bin',
  };
}

async function stored(root: string, isAll = true): Promise<{ question: CacheQuestion; key: string }> {
  const question = await scene(root);
  const key = (await cacheKey(question)) ?? '';
  await mkdir(join(question.cloneDir, 'web/node_modules'));
  await writeFile(join(question.cloneDir, 'web/node_modules/a.js'), 'as installed');
  await storeCache(question, key, isAll);
  return { question, key };
}

test('a new clone gets the cached folder, and changes that a check makes there affect no other clone', async () => {
  await using dir = await tempDir();
  const { question, key } = await stored(dir.path);
  const file = join(question.cloneDir, 'web/node_modules/a.js');
  for (const _round of [1, 2]) {
    await rm(question.cloneDir, { recursive: true });
    await scene(dir.path);
    expect(await restoreCache(question, key)).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('as installed');
    await writeFile(file, 'changed by a check');
  }
});

test('SETUP runs again if it creates more than the cached folders', async () => {
  await using dir = await tempDir();
  const { question, key } = await stored(dir.path, false);
  expect(await restoreCache(question, key)).toBe(false);
});

test('another lock file, SETUP or PATH has a separate entry; without a lock file nothing is cached', async () => {
  await using dir = await tempDir();
  const question = await scene(dir.path);
  const keys = [
    await cacheKey(question),
    await cacheKey({ ...question, setup: 'npm install' }),
    await cacheKey({ ...question, path: '/usr/bin' }),
    await cacheKey(await scene(dir.path, 'two')),
  ];
  expect(new Set(keys).size).toBe(4);
  expect(await cacheKey({ ...question, folders: ['node_modules'] })).toBeUndefined();
  expect(await cacheKey({ ...question, folders: [] })).toBeUndefined();
});

test('a damaged entry is ignored', async () => {
  await using dir = await tempDir();
  const { question, key } = await stored(dir.path);
  await rm(join(question.cacheDir, key, '0'), { recursive: true });
  await rm(join(question.cloneDir, 'web/node_modules'), { recursive: true });
  expect(await restoreCache(question, key)).toBe(false);
  expect(existsSync(join(question.cloneDir, 'web/node_modules'))).toBe(false);
});

test('only the newest entries are kept', async () => {
  await using dir = await tempDir();
  const { question } = await stored(dir.path);
  for (const key of ['a', 'b', 'c', 'd', 'e']) await storeCache(question, key, true);
  expect(await readdir(question.cacheDir)).toHaveLength(4);
});

test('unguarded clones are outside HOME only if no other user can add a parent folder', async () => {
  // On most machines the temporary folder is open to all users.
  const root = await mkdtemp(join(userInfo().homedir, '.samocode-test-'));
  try {
    const [home, temporary] = [join(root, 'home'), join(root, 'tmp')];
    const worktrees = join(home, 'code/_samocode/worktrees');
    await mkdir(worktrees, { recursive: true });
    await mkdir(join(home, 'tmp'));
    await mkdir(temporary);
    const rootOf = (HOME: string, TMPDIR?: string) => openChecksRoot(worktrees, { HOME, TMPDIR });
    const own = join(worktrees, '.checks');
    expect(rootOf(home, temporary)).toBe(join(temporary, 'samocode-checks'));
    expect(rootOf(home)).toBe(own);
    expect(rootOf(home, join(home, 'tmp'))).toBe(own);
    expect(rootOf(join(home, 'tmp'), temporary)).toBe(own);
    await chmod(temporary, 0o1777);
    expect(rootOf(home, temporary)).toBe(own);
  } finally {
    await rm(root, { recursive: true });
  }
});
