import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, test } from 'vitest';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';

async function run(...words: string[]) {
  const { server } = await builtPrograms();
  const ended = await promisify(execFile)(process.execPath, [server, ...words]).catch((error) => error);
  return { code: ended.code ?? 0, stdout: ended.stdout, stderr: ended.stderr };
}

test('samocode-mcp prints its version and help, and refuses unknown options with status 2', ci, async () => {
  expect(await run('--help')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Usage: samocode-mcp/),
    stderr: '',
  });
  expect(await run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect(await run('--read')).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('does not take "--read"'),
  });
});

test('samocode-mcp --read-only offers the reading tools, and refuses the others', async () => {
  await using bench = await makeBench({ bare: true });
  const { server } = await builtPrograms();
  const client = new Client({ name: 'looker', version: '1' });
  const { env } = bench.repo;
  const start = { command: process.execPath, args: [server, '--read-only'], cwd: bench.repo.path, env };
  await client.connect(new StdioClientTransport(start));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).not.toContain('start_session');
  const called = await client.callTool({ name: 'start_session', arguments: { task: 'x' } });
  expect(JSON.stringify(called)).toContain('read_only');
  await client.close();
});
