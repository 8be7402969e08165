import { spawnSync } from 'node:child_process';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codex } from '../../../../src/core/agents/codex/codex.ts';
import { codexServers } from '../../../../src/core/agents/codex/codex-servers.ts';
import { readCodexTraces } from '../../../../src/core/agents/codex/codex-stream.ts';
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

const THREAD = '01a1f89f-367e-7b61-9545-11318fe1f0bb';

const usage = (input: number, output: number) => ({
  input_tokens: input,
  cached_input_tokens: 300,
  output_tokens: output,
});
const answer = (input: number, output: number) =>
  `${JSON.stringify({ type: 'token_usage_record', payload: { usage: usage(1, 1), thread_token_usage: usage(input, output) } })}\n`;
const older = (input: number, output: number) =>
  `${JSON.stringify({ type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: usage(input, output) }, rate_limits: null } })}\n`;
const MODEL = `${JSON.stringify({ type: 'turn_context', payload: { model: 'gpt-5.2' } })}\n`;

async function scene() {
  const dir = await tempDir();
  const folder = join(dir.path, 'sessions/2026/11/20');
  await mkdir(folder, { recursive: true });
  const question = { cliSession: THREAD, folder: dir.path };
  return { dir, path: join(folder, `rollout-2026-11-20T11-02-26-${THREAD}.jsonl`), question };
}

test.each([
  ['the newest', answer(1500, 60) + answer(3000, 120)],
  ['of an older Codex', answer(1500, 60) + older(3000, 120)],
])('of the counts in the log, %s counts', async (_name, lines) => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  await writeFile(path, lines);
  const { tokens } = await readCodexTraces({ ...question, final: undefined, now: 0 });
  expect(tokens).toEqual({ input: 2700, cached: 300, output: 120 });
});

test('the tokens of its reviewer are added up, from later logs that name its thread', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  const record = (thread_id: string, session_id: string) =>
    `${JSON.stringify({ type: 'token_usage_record', payload: { thread_id, session_id, usage: usage(1500, 60) } })}\n`;
  await writeFile(path, answer(3000, 120) + record(THREAD, THREAD));
  const later = path.replace('T11-02-26', 'T11-02-27');
  await writeFile(later.replace(THREAD, 'reviewer'), record('reviewer', THREAD).repeat(2) + record('x', 'y'));
  await writeFile(later.replace(THREAD, 'foreign'), `{"text":"${THREAD}"}\n${record('foreign', 'foreign')}`);
  const earlier = path.replace('T11-02-26', 'T11-02-25').replace(THREAD, 'earlier');
  await writeFile(earlier, record('earlier', THREAD));
  const { tokens, ofHelpers } = await readCodexTraces({ ...question, final: undefined, now: 0 });
  expect(tokens).toEqual({ input: 2700, cached: 300, output: 120 });
  expect(ofHelpers).toEqual({ input: 2400, cached: 600, output: 120 });
});

test('the log is found for any start day of the thread', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  for (const day of ['2026/11/21', '2026/12/01', '2027/01/08'])
    await mkdir(join(dir.path, 'sessions', day), { recursive: true });
  await writeFile(path, MODEL);
  const traces = await readCodexTraces({ ...question, final: undefined, now: 0 });
  expect(traces).toEqual({ model: 'gpt-5.2' });
});

test('a link in place of the logs is not followed', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  await writeFile(path, MODEL);
  await rename(join(dir.path, 'sessions'), join(dir.path, 'elsewhere'));
  await symlink('elsewhere', join(dir.path, 'sessions'));
  expect(await readCodexTraces({ ...question, final: undefined, now: 0 })).toEqual({});
});

test('the usage of an ended Codex is read afterwards', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  await writeFile(path, `${MODEL}${answer(1500, 60)}${answer(3000, 120)}{"type":"resp`);
  expect(await readCodexTraces({ ...question, final: undefined, now: 0 })).toEqual({
    model: 'gpt-5.2',
    tokens: { input: 2700, cached: 300, output: 120 },
  });
});

test('the newest windows of the plan are known by their length, with the time of their line', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  const line = (timestamp: string, used: number, rest: object = {}) =>
    `${JSON.stringify({
      timestamp,
      type: 'event_msg',
      payload: {
        type: 'token_count',
        rate_limits: {
          primary: { used_percent: 41, window_minutes: 10080, resets_at: 1_796_185_770 },
          secondary: { used_percent: used, window_minutes: 300, resets_at: 1_795_792_970 },
          ...rest,
        },
      },
    })}\n`;
  const last = line('2026-11-27T12:00:05Z', 99, { secondary: null });
  await writeFile(path, line('2026-11-27T12:00:00Z', 80) + line('2026-11-27T12:00:04Z', 82.5));
  const seenAt = Date.parse('2026-11-27T12:00:04Z');
  const sevenDays = { window: '7d', used: 0.41, endsAt: 1_796_185_770_000 };
  const traces = () => readCodexTraces({ ...question, final: undefined, now: 0 });
  expect((await traces()).windows).toEqual([
    { ...sevenDays, seenAt },
    { window: '5h', used: 0.825, endsAt: 1_795_792_970_000, seenAt },
  ]);
  await writeFile(path, last);
  expect((await traces()).windows).toEqual([{ ...sevenDays, seenAt: seenAt + 1000 }]);
});
