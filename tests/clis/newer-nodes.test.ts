import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../src/base/processes/run-command.ts';
import { builtPrograms } from '../support/built-programs.ts';
import { installCli } from '../support/install-clis.ts';
import { tempDir } from '../support/temp-dir.ts';

// On Node 22 it is played by packed.test.ts, on the oldest one by whoever calls it.
test('the demo comes to a good end on Node 26', async () => {
  await using dir = await tempDir();
  const [node, { cli }] = await Promise.all([installCli('node26'), builtPrograms()]);
  // What is started on the way, workers, children and the project's tests, finds no other one.
  const env = { PATH: `${dirname(node.path)}:${process.env.PATH ?? ''}`, HOME: dir.path, TMPDIR: dir.path };
  const { stdout, stderr, exitCode } = await runCommand(node.path, [cli, 'demo', '--json', '--keep'], {
    cwd: dir.path,
    env,
  });
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, problems: [], mainUntouched: true });
  expect([stderr, exitCode]).toEqual(['', 0]);
});
