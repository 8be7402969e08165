import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { installCli } from '../../support/install-clis.ts';
import { tempDir } from '../../support/temp-dir.ts';

// packed.test.ts covers Node 22, and its callers the oldest one. ci.yml runs the demo on each Node for every pull request.
test('the demo succeeds on Node 26', async () => {
  await using dir = await tempDir();
  const [node, { cli }] = await Promise.all([installCli('node26'), builtPrograms()]);
  // The programs it starts (workers, agents and the project's tests) must find no other Node.
  const env = { PATH: `${dirname(node.path)}:${process.env.PATH ?? ''}`, HOME: dir.path, TMPDIR: dir.path };
  const { stdout, stderr, exitCode } = await runCommand(node.path, [cli, 'demo', '--json', '--keep'], {
    cwd: dir.path,
    env,
  });
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, problems: [], main_untouched: true });
  expect([stderr, exitCode]).toEqual(['', 0]);
});
