import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codex } from '../../../../src/core/agents/codex/codex.ts';
import { codexServers } from '../../../../src/core/agents/codex/codex-servers.ts';
import { type McpServers, readMcpServers } from '../../../../src/core/agents/contract/mcp-file.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { REQUEST } from './requests.ts';

function handOver(
  servers: McpServers,
  given: { foreignServers?: string[]; env?: Record<string, string> } = {},
) {
  const mcp = { configPath: '/repo/mcp.json', serverNames: Object.keys(servers), servers };
  const request = { ...REQUEST, foreignServers: [], ...given, mcp };
  return { ...codexServers(request), command: codex.buildCommand(request) };
}

test("a server of the project never shares its name with one of the user's", () => {
  const servers = {
    docs: { url: 'http://127.0.0.1:1/' },
    'my docs': { command: 'b' },
    my_docs: { command: 'c' },
  };
  const { table } = handOver(servers, { foreignServers: ['docs', 'project-docs'] });
  expect(table).toEqual({
    docs: { enabled: false },
    'project-docs': { enabled: false },
    'project-project-docs': { url: 'http://127.0.0.1:1/', enabled: true },
    my_docs: { command: 'b', enabled: true },
    'project-my_docs': { command: 'c', enabled: true },
  });
});

test('a server is started with its variables, none of which appear in the arguments of Codex', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[A-Z]{4,8}$/), VALUE, { minKeys: 1 }), (env) => {
      const script = 'process.stdout.write(JSON.stringify([process.env, process.argv.slice(1)]))';
      const args = ['-e', script, 'a b', '$HOME'];
      const handed = handOver({ docs: { command: process.execPath, args, env } });
      const settings = handed.table.docs as { command: string; args: string[]; env_vars: string[] };
      for (const value of Object.values(env)) expect(handed.command.args.join(' ')).not.toContain(value);
      expect(Object.values(handed.command.env)).toEqual(expect.arrayContaining(Object.values(env)));
      const passed = Object.fromEntries(settings.env_vars.map((name) => [name, handed.command.env[name]]));
      const { stdout } = spawnSync(settings.command, settings.args, { env: { ...passed, PATH: '/bin' } });
      const [seen, words] = JSON.parse(stdout.toString());
      expect(seen).toMatchObject(env);
      expect(Object.keys(seen).filter((name) => name.startsWith('MCP_SECRET'))).toEqual([]);
      expect(words).toEqual(['a b', '$HOME']);
    }),
    { numRuns: 10 },
  );
});

/** Long enough not to occur elsewhere by chance. */
const VALUE = fc.string({ unit: 'grapheme-ascii', minLength: 8 }).map((text) => `secret-${text}`);

const variable = (words: string) => `\${${words}}`;

test('headers are passed in the environment too, and variables are expanded', () => {
  const servers = {
    web: {
      type: 'http' as const,
      url: `${variable('HOST:-http://127.0.0.1:1')}/x`,
      headers: { Authorization: `Bearer ${variable('KEY')}`, 'X-Other': variable('NOBODY') },
    },
  };
  const { table, command } = handOver(servers, { env: { KEY: 'k', HOST: 'http://127.0.0.1:2' } });
  expect(table.web).toEqual({
    url: 'http://127.0.0.1:2/x',
    env_http_headers: { Authorization: 'MCP_SECRET_1', 'X-Other': 'MCP_SECRET_2' },
    enabled: true,
  });
  expect(command.env).toMatchObject({ MCP_SECRET_1: 'Bearer k', MCP_SECRET_2: variable('NOBODY') });
  expect(handOver(servers).table.web).toMatchObject({ url: 'http://127.0.0.1:1/x' });
});

test('a server without URL and command is skipped', () => {
  expect(handOver({ odd: {}, remote: { type: 'sse', command: 'x' } }).table).toEqual({});
});

test('headers and types of an MCP file are read, and unknown types are ignored', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'mcp.json');
  const web = { url: 'http://127.0.0.1:1/', headers: { A: 'b' } };
  const mcpServers = { web: { ...web, type: 'streamable-http' }, odd: { ...web, type: 'pigeon' } };
  await writeFile(path, JSON.stringify({ mcpServers }));
  expect(await readMcpServers(path)).toEqual({ web: { ...web, type: 'http' }, odd: web });
});

test('a server that was accepted with a plan has time to be downloaded, and servers of the MCP file keep their own limits', () => {
  const accepted = { tickets: { command: 'npx', args: ['-y', 'tickets-mcp'] } };
  const servers = { docs: { command: 'docs-server' }, ...accepted };
  const mcp = { configPath: '/repo/mcp.json', accepted, serverNames: Object.keys(servers), servers };
  expect(codexServers({ ...REQUEST, foreignServers: [], mcp }).table).toEqual({
    docs: { command: 'docs-server', enabled: true },
    tickets: { command: 'npx', args: ['-y', 'tickets-mcp'], startup_timeout_sec: 120, enabled: true },
  });
});
