import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../src/base/processes/run-command.ts';
import { builtPrograms } from '../support/built-programs.ts';
import { installCli } from '../support/install-clis.ts';
import { tempDir } from '../support/temp-dir.ts';

test.concurrent.each(['node22', 'node26'] as const)('the demo comes to a good end on %s', async (name) => {
  await using dir = await tempDir();
  const [node, { cli }] = await Promise.all([installCli(name), builtPrograms()]);
  // What is started on the way, workers, children and the project's tests, finds no other one.
  const env = { PATH: `${dirname(node.path)}:${process.env.PATH ?? ''}`, HOME: dir.path, TMPDIR: dir.path };
  const { stdout, stderr, exitCode } = await runCommand(node.path, [cli, 'demo', '--json', '--keep'], {
    cwd: dir.path,
    env,
  });
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, problems: [], mainUntouched: true });
  expect([stderr, exitCode]).toEqual(['', 0]);
});
