// @module-tag ci
import { expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { revokeToken } from '../../../../../src/extensions/pages/web/server/tokens.ts';
import { makeBench } from '../../../../support/bench.ts';
import { eventually } from '../../../../support/eventually.ts';
import { mcpRig } from '../../../../support/mcp-over-http.ts';
import { QUICK_CLOCK } from '../../../../support/web-rig.ts';
import { call, takeThroughGates, untilWaiting } from './far-chat.ts';

test('a client of the modern era takes a session through both gates without a session of the protocol', async () => {
  await using bench = await makeBench({ here: true });
  await using rig = await mcpRig(bench.context);
  const client = await rig.connectModern(await rig.addToken('phone'), {
    elicitation: { form: {} },
    roots: {},
  });
  expect(client.getProtocolEra()).toBe('modern');
  const { tools } = await client.listTools();
  const offered = TOOLS.map(({ name }) => name).filter((name) => name !== 'setup_project');
  expect(tools.map(({ name }) => name)).toEqual(offered);
  const start = { task: 'Name the boats', project_dir: bench.repo.path };
  const { session } = await call(client, 'start_session', start);
  const uri = `samocode://sessions/${session}/overview`;
  const updated: string[] = [];
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    updated.push(params.uri);
  });
  await client.listen({ resourceSubscriptions: [uri], resourcesListChanged: true });
  await untilWaiting(client, session, 'qa_answers');
  await eventually(async () => updated.includes(uri));
  expect((await client.readResource({ uri })).contents).toHaveLength(1);
  expect((await client.listResources()).resources.map((each) => each.uri)).toContain(uri);
  // No form is shown to a client on another machine.
  await takeThroughGates(client, session, bench);
});

test('a token that only reads reaches only the tools that change nothing', async () => {
  await using bench = await makeBench({ here: true });
  await using rig = await mcpRig(bench.context);
  const client = await rig.connectModern(await rig.addToken('screen', true));
  const { tools } = await client.listTools();
  const reading = TOOLS.filter(({ annotations }) => annotations.readOnlyHint).map(({ name }) => name);
  expect(tools.map(({ name }) => name)).toEqual(reading);
  expect(await call(client, 'stop_session', { session: 'boat' })).toMatchObject({ code: 'read_only' });
});

test('a revoked token opens nothing more, and what its client listens to ends; another token stays as it is', async () => {
  await using bench = await makeBench({ here: true });
  await using rig = await mcpRig({ ...bench.context, clock: QUICK_CLOCK });
  const [phone, desk] = [await rig.addToken('phone'), await rig.addToken('desk')];
  const [revoked, kept] = [await rig.connectModern(phone), await rig.connectModern(desk)];
  const uri = 'samocode://sessions';
  const [ending, going] = [
    await revoked.listen({ resourceSubscriptions: [uri] }),
    await kept.listen({ resourceSubscriptions: [uri] }),
  ];
  await revokeToken('phone', bench.context);
  expect(await ending.closed).toBe('remote');
  await expect(revoked.listTools()).rejects.toThrow();
  expect((await kept.listTools()).tools.length).toBeGreaterThan(0);
  await going.close();
  expect(await going.closed).toBe('local');
});

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

test('at most 32 requests of one client listen at a time; one that ends makes room, and others have their own', async () => {
  await using bench = await makeBench({ here: true });
  await using rig = await mcpRig(bench.context);
  const [phone, desk] = [await rig.addToken('phone'), await rig.addToken('desk')];
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' };
  const notifications = { resourceSubscriptions: ['samocode://sessions'] };
  const listen = async (token: string, id: number) => {
    const message = {
      jsonrpc: '2.0',
      id,
      method: 'subscriptions/listen',
      params: { notifications, _meta: META },
    };
    return await rig.post(token, message, headers);
  };
  const open: Response[] = [];
  for (let id = 0; id < 32; id += 1) open.push(await listen(phone, id));
  expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
  const refused = await listen(phone, 32);
  expect([refused.status, await refused.json()]).toMatchObject([
    429,
    { error: { message: expect.stringContaining('already 32') } },
  ]);
  const other = await listen(desk, 0);
  expect(other.status).toBe(200);
  await open[0]?.body?.cancel();
  const again = await eventually(async () => {
    const response = await listen(phone, 33);
    return response.status === 200 && response;
  });
  for (const { body } of [...open.slice(1), other, again]) await body?.cancel();
});

test('a request of the modern era without its headers, or of an unknown revision, is refused', async () => {
  await using bench = await makeBench({ here: true });
  await using rig = await mcpRig(bench.context);
  const token = await rig.addToken('phone');
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } };
  expect((await rig.post(token, list)).status).toBe(400);
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
  expect((await rig.post(token, list, headers)).status).toBe(200);
  const unknown = {
    ...list,
    params: { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } },
  };
  const refused = await rig.post(token, unknown, { ...headers, 'mcp-protocol-version': '2099-01-01' });
  expect(await refused.json()).toMatchObject({ error: { data: { supported: ['2026-07-28'] } } });
});
