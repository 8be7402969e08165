import { expect, test } from 'vitest';
import { runCommand } from '../../../src/base/processes/run-command.ts';
import { TOOLS } from '../../../src/server/tools.ts';
import { makeBench } from '../../acts/bench.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { installCli } from '../../support/install-clis.ts';

test('the official Inspector lists the tools, and its strict check of their schemas finds no problem', async () => {
  await using bench = await makeBench();
  const [node, inspector, { server }] = [
    await installCli('node22'),
    await installCli('inspector'),
    await builtPrograms(),
  ];
  const args = [inspector.path, '--cli', process.execPath, server, '--method', 'tools/list', '--strict'];
  const options = { cwd: bench.repo.path, env: bench.repo.env, timeoutMs: 60_000 };
  const { exitCode, stdout, stderr } = await runCommand(node.path, args, options);
  expect([exitCode, stderr]).toEqual([0, '']);
  const { tools } = JSON.parse(stdout) as { tools: { name: string }[] };
  expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
});
