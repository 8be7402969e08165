import { expect, test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { installCli } from '../../../support/install-clis.ts';

test(
  'the official Inspector lists the tools, and its strict check of their schemas finds no problem',
  ci,
  async () => {
    await using bench = await makeBench();
    const [inspector, { server }] = [await installCli('inspector'), await builtPrograms()];
    const args = ['--cli', process.execPath, server, '--method', 'tools/list', '--strict'];
    const options = { cwd: bench.repo.path, env: bench.repo.env, timeoutMs: 60_000 };
    const { exitCode, stdout, stderr } = await runCommand(inspector.path, args, options);
    expect([exitCode, stderr]).toEqual([0, '']);
    const { tools } = JSON.parse(stdout) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
  },
);
