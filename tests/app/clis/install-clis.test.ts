import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { installCli } from '../../support/install-clis.ts';
import { tempDir } from '../../support/temp-dir.ts';

// Not in `.ci/run`, whose tests install the CLIs that they use.
test.each(['claude', 'codex', 'gemini', 'opencode', 'copilot'] as const)(
  'the pinned %s is installed once and then found',
  async (name) => {
    const { path, version } = await installCli(name);
    expect((await runCommand(path, ['--version'])).stdout).toContain(version);
    expect(await installCli(name)).toEqual({ path, version, installMs: 0 });
  },
);

test('two concurrent requests get one installation', async () => {
  await using dir = await tempDir();
  const [one, other] = await Promise.all([1, 2].map(() => installCli('mcpb', { cacheDir: dir.path })));
  expect(one).toEqual(other);
  expect(await readdir(dir.path)).toHaveLength(1);
});

test('a registry that cannot be reached is reported as such, and leaves nothing behind', async () => {
  await using dir = await tempDir();
  const installing = installCli('claude', { cacheDir: dir.path, registry: 'http://127.0.0.1:9' });
  await expect(installing).rejects.toThrow('The npm registry could not be reached');
  expect(await readdir(dir.path)).toEqual([]);
});
