import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { pullRequestScene } from '../../../support/pull-request-scene.ts';

test(
  'the code of a pull request runs in the guard: it neither reads nor changes the home folder or the repository',
  ci,
  async () => {
    const attack =
      'cat ~/secret; touch ~/owned "$OUTSIDE/repo/owned"; echo "leaked: $(cat ~/secret)"; exit 5\n';
    await using at = await pullRequestScene({
      sandbox: 'guard',
      lines: { CHECK: 'sh check.sh' },
      work: { 'check.sh': attack },
    });
    await writeFile(join(at.repo.homeDir, 'secret'), 'a-secret\n');
    const { exitCode, stdout } = await at.samocode('--pull-request', '7');
    expect(stdout).toMatch(/\(sandbox: (?!none)/);
    expect(stdout).toMatch(/leaked: *$/m);
    expect(stdout).not.toContain('a-secret');
    expect(exitCode).toBe(1);
    for (const path of [at.repo.homeDir, at.repo.path]) expect(existsSync(join(path, 'owned'))).toBe(false);
  },
);
