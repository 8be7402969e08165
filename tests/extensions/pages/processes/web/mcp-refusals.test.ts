// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { expect, test } from 'vitest';
import { revokeToken } from '../../../../../src/extensions/pages/web/server/tokens.ts';
import { makeBench } from '../../../../support/bench.ts';
import { mcpRig } from '../../../../support/mcp-over-http.ts';
import { INITIALIZE } from '../../../../support/raw-server.ts';
import { passingClock, QUICK_CLOCK } from '../../../../support/web-rig.ts';

const LIST = { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} };

test('without a token, with a wrong one, and with that of the page nothing opens; nor does a token open the page', async () => {
  await using bench = await makeBench();
  await using rig = await mcpRig(bench.context);
  const token = await rig.addToken('phone');
  const bare = await fetch(rig.url, { method: 'POST', body: '{}' });
  expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect((await rig.post('wrong', INITIALIZE)).status).toBe(401);
  expect((await rig.post(rig.pageKey, INITIALIZE)).status).toBe(401);
  for (const header of [token, `Basic ${token}`, `Bearer ${token} x`])
    expect((await fetch(rig.url, { method: 'POST', headers: { authorization: header } })).status).toBe(401);
  // The name of the scheme has no case.
  const bearer = { authorization: `bearer ${rig.pageKey}` };
  expect((await fetch(`${rig.address}nothing`, { headers: bearer })).status).toBe(404);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${rig.address}live`, { headers })).status).toBe(401);
  expect((await rig.post(token, INITIALIZE)).status).toBe(200);
});

test('a revoked token opens nothing from its next request on, and its open stream ends', async () => {
  await using bench = await makeBench();
  await using rig = await mcpRig({ ...bench.context, clock: QUICK_CLOCK });
  const [token, other] = [await rig.addToken('phone'), await rig.addToken('desk')];
  const [id, otherId] = [await rig.begin(token), await rig.begin(other)];
  const stream = await rig.listen(token, id);
  expect(stream.status).toBe(200);
  await revokeToken('phone', bench.context);
  expect((await rig.post(token, LIST, { 'mcp-session-id': id })).status).toBe(401);
  expect(await stream.text()).toBe('');
  expect((await rig.post(other, LIST, { 'mcp-session-id': otherId })).status).toBe(200);
});

test.each([
  ['of another page', { origin: 'http://localhost:3000' }, 403],
  ['of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['under a name that was rebound', { host: 'rebound.example' }, 421],
  ['with a body of more than 1 MB', { 'content-length': String(1024 * 1024 + 1) }, 413],
  ['with a body of unknown length', { 'transfer-encoding': 'chunked' }, 413],
])('a request %s is refused, even with a token', async (_name, headers, status) => {
  await using bench = await makeBench();
  await using rig = await mcpRig(bench.context);
  const authorization = `Bearer ${await rig.addToken('phone')}`;
  const asked = request(rig.url, { method: 'POST', headers: { authorization, ...headers } });
  const answered = new Promise((resolve, reject) => {
    asked.on('response', ({ statusCode }) => resolve(statusCode));
    asked.on('error', reject);
  });
  asked.flushHeaders();
  expect(await answered).toBe(status);
  asked.destroy();
});

test('an unknown session, that of another token, and a wrong protocol version are refused', async () => {
  await using bench = await makeBench();
  await using rig = await mcpRig(bench.context);
  const [token, other] = [await rig.addToken('phone'), await rig.addToken('desk')];
  const id = await rig.begin(token);
  const unknown = await rig.post(token, LIST, { 'mcp-session-id': 'nowhere' });
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toMatchObject({ error: { message: expect.stringContaining('Initialize') } });
  expect((await rig.post(other, LIST, { 'mcp-session-id': id })).status).toBe(404);
  const old = { 'mcp-session-id': id, 'mcp-protocol-version': '1999-01-01' };
  expect((await rig.post(token, LIST, old)).status).toBe(400);
  expect((await rig.post(token, LIST, { 'mcp-session-id': id })).status).toBe(200);
});

test('there are at most 32 sessions; one that ends makes room, and a request that begins none takes none', async () => {
  await using bench = await makeBench();
  await using rig = await mcpRig(bench.context);
  const token = await rig.addToken('phone');
  const ids: string[] = [];
  for (let count = 0; count < 32; count += 1) ids.push(await rig.begin(token));
  expect(new Set(ids).size).toBe(32);
  expect((await rig.post(token, INITIALIZE)).status).toBe(429);
  const headers = { authorization: `Bearer ${token}`, 'mcp-session-id': ids[0] ?? '' };
  expect((await fetch(rig.url, { method: 'DELETE', headers })).status).toBe(200);
  expect((await rig.post(token, LIST)).status).toBe(400);
  expect((await rig.post(token, LIST)).status).toBe(400);
  expect((await rig.post(token, INITIALIZE)).status).toBe(200);
});

test('a session without a request for half an hour is dropped, but not while its client is connected', async () => {
  await using bench = await makeBench();
  const { clock, pass } = passingClock();
  await using rig = await mcpRig({ ...bench.context, clock });
  const token = await rig.addToken('phone');
  const [left, stays] = [await rig.begin(token), await rig.begin(token)];
  const stream = await rig.listen(token, stays);
  await pass(31);
  expect((await rig.post(token, LIST, { 'mcp-session-id': left })).status).toBe(404);
  expect((await rig.post(token, LIST, { 'mcp-session-id': stays })).status).toBe(200);
  await stream.body?.cancel();
});

test('a connected client keeps the page running, and 12 hours after it has left the page ends', async () => {
  await using bench = await makeBench();
  const { clock, jump, pass } = passingClock();
  await using rig = await mcpRig({ ...bench.context, clock });
  const token = await rig.addToken('phone');
  const id = await rig.begin(token);
  const stream = await rig.listen(token, id);
  await pass(13 * 60);
  expect((await rig.post(token, LIST, { 'mcp-session-id': id })).status).toBe(200);
  await stream.body?.cancel();
  await pass(11 * 60);
  expect((await rig.post(token, INITIALIZE)).status).toBe(200);
  jump(13 * 60);
  await rig.ended;
});

test('a read-only token offers only the tools that change nothing, and refuses the others', async () => {
  await using bench = await makeBench();
  await using rig = await mcpRig(bench.context);
  const client = await rig.connect(await rig.addToken('screen', true));
  const { tools } = await client.listTools();
  expect(tools.map(({ annotations }) => annotations?.readOnlyHint)).toEqual(tools.map(() => true));
  const args = { project_dir: bench.repo.path, task: 'Name the boats' };
  for (const name of ['start_session', 'setup_project', 'stop_session'])
    expect(await codeOf(client, name, args)).toBe('read_only');
});

test('no project is set up from another machine', async () => {
  await using bench = await makeBench();
  await using rig = await mcpRig(bench.context);
  const client = await rig.connect(await rig.addToken('phone'));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).not.toContain('setup_project');
  expect(await codeOf(client, 'setup_project', { project_dir: bench.repo.path })).toBe('only_there');
  expect(client.getInstructions()).not.toContain('setup_project');
});

test('a start needs project_dir, although one project is known; paths outside known projects and far chats are refused', async () => {
  await using bench = await makeBench();
  const { repo } = bench;
  await using rig = await mcpRig(bench.context);
  const client = await rig.connect(await rig.addToken('phone'));
  const start = { task: 'Name the boats', start: false };
  const refused = await client.callTool({ name: 'start_session', arguments: start });
  const [content] = refused.content as [{ text: string }];
  expect(JSON.parse(content.text)).toMatchObject({
    code: 'project_needed',
    message: expect.stringContaining('project_dir'),
    hint: expect.stringContaining(repo.path),
  });
  const outside = dirname(repo.path);
  expect(await codeOf(client, 'start_session', { ...start, project_dir: outside })).toBe('project_needed');
  expect(await codeOf(client, 'list_sessions', { project_dir: '/' })).toBe('project_needed');
  expect(await codeOf(client, 'start_session', { ...start, project_dir: 'repo' })).toBe('relative_folder');
  expect(await codeOf(client, 'stop_session', { group: '*' })).toBe('project_needed');
  const plan = { plan: join(outside, 'plan.md'), project_dir: repo.path, start: false };
  expect(await codeOf(client, 'start_session', plan)).toBe('project_needed');
  // `from` leads nowhere else: it names a folder of the sessions of project_dir, or is that folder.
  const folder = join(outside, '26-01-08-boat');
  const inside = join(bench.sessionsDir, '26-01-08-boat');
  for (const each of [folder, inside]) {
    await mkdir(each, { recursive: true });
    await writeFile(join(each, '_overview.md'), '# Session: boat\n\n## Status\nPhase: planning\n');
  }
  const itself = { from_chat: true, project_dir: repo.path };
  expect(await codeOf(client, 'start_session', itself)).toBe('chat_not_here');
  const from = (path: string) => ({ from: path, project_dir: repo.path, start: false });
  expect(await codeOf(client, 'start_session', from(folder))).toBe('not_in_sessions');
  expect(await codeOf(client, 'start_session', from('/etc'))).toBe('folder_not_found');
  expect(await codeOf(client, 'start_session', from(inside))).toBeUndefined();
});

async function codeOf(client: Client, name: string, args: Record<string, unknown>) {
  const { isError, content } = await client.callTool({ name, arguments: args });
  const [first] = content as [{ text: string }];
  return isError === true ? JSON.parse(first.text).code : undefined;
}
