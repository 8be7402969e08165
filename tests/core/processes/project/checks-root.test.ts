// @module-tag ci
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openChecksRoot } from '../../../../src/core/project/proving/checks-root.ts';

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
