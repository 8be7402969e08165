// @module-tag ci
import { appendFile } from 'node:fs/promises';
import { type Client, InMemoryTransport } from '@modelcontextprotocol/client';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { buildServer } from '../../../../src/app/server/build-server.ts';
import { serveEras } from '../../../../src/app/server/serve-eras.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { CREATED, PREPARED } from '../../../core/unit/session/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { connectModern, type ModernClientPlan } from '../../../support/modern-client.ts';
import { makeServerRig, type ServerRig } from '../../unit/server/server-rig.ts';

const uriOf = (session: string) => `samocode://sessions/${session}/overview`;

async function modern(
  { context }: ServerRig,
  plan: ModernClientPlan & { actions?: Partial<ActionContext> } = {},
): Promise<Client & AsyncDisposable> {
  const loadActions = async () => ({ ...context, ...plan.actions });
  const client = await connectModern({ version: '0', loadActions }, plan);
  return Object.assign(client, { [Symbol.asyncDispose]: async () => await client.close() });
}

test('a client of either era finds the same tools, prompts, resources and results', async () => {
  await using rig = await makeServerRig({ clientName: 'test-client' });
  await rig.addSession('26-01-08-boat');
  await using client = await modern(rig);
  expect(client.getProtocolEra()).toBe('modern');
  expect(client.getInstructions()).toBe(rig.client.getInstructions());
  expect((await client.listTools()).tools).toEqual((await rig.client.listTools()).tools);
  expect((await client.listPrompts()).prompts).toEqual((await rig.client.listPrompts()).prompts);
  const [mine, theirs] = [await client.listResources(), await rig.client.listResources()];
  expect(mine.resources).toEqual(theirs.resources);
  const uri = uriOf('26-01-08-boat');
  expect((await client.readResource({ uri })).contents).toEqual(
    (await rig.client.readResource({ uri })).contents,
  );
  const call = { name: 'get_status', arguments: { session: '26-01-08-boat' } };
  expect(await client.callTool(call)).toMatchObject(await rig.client.callTool(call));
  const wrong = { name: 'get_status', arguments: { session: 'goats' } };
  expect(await client.callTool(wrong)).toMatchObject({
    ...(await rig.client.callTool(wrong)),
    isError: true,
  });
});

test('each request names its client, so Codex gets output schemas', async () => {
  await using rig = await makeServerRig({ clientName: 'codex-mcp-client' });
  await using client = await modern(rig, { name: 'codex-mcp-client' });
  const { tools } = await client.listTools();
  expect(tools).toEqual((await rig.client.listTools()).tools);
  for (const tool of tools) expect(tool.outputSchema).toBeDefined();
});

/** A client that listens to these addresses, and the notifications it gets. */
async function listening(client: Client, notifications: Parameters<Client['listen']>[0]) {
  const got: string[] = [];
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void got.push(params.uri));
  client.setNotificationHandler('notifications/resources/list_changed', () => void got.push('list'));
  return { got, subscription: await client.listen(notifications) };
}

test('a client hears of the sessions that it listens to, of each change once, and no longer when it closes', async () => {
  await using rig = await makeServerRig();
  const [boat, raft] = [await rig.addSession('26-01-08-boat'), await rig.addSession('26-01-08-raft')];
  await using client = await modern(rig);
  const uris = [uriOf('26-01-08-boat'), uriOf('26-01-08-raft'), uriOf('26-01-08-unknown')];
  const { got, subscription } = await listening(client, { resourceSubscriptions: [uris[0] ?? ''] });
  await client.listen({ resourceSubscriptions: [uris[1] ?? '', uris[2] ?? ''] });
  await untilHeard(
    () => appendFile(boat.overview, 'one\n'),
    () => got.includes(uris[0] ?? ''),
  );
  await subscription.close();
  await untilHeard(
    () => appendFile(raft.overview, 'one\n'),
    () => got.includes(uris[1] ?? ''),
  );
  got.length = 0;
  await appendFile(boat.overview, 'two\n');
  await untilHeard(
    () => appendFile(raft.overview, 'two\n'),
    () => got.includes(uris[1] ?? ''),
  );
  expect(got).not.toContain(uris[0]);
});

/** Repeats a change until it is heard: it may come before the files are followed. */
async function untilHeard(change: () => Promise<unknown>, isHeard: () => boolean): Promise<void> {
  await eventually(async () => {
    if (!isHeard()) await change();
    return isHeard();
  });
}

test('a client that listens to the list hears of a session that begins or ends', async () => {
  await using rig = await makeServerRig();
  await rig.addSession('26-01-08-boat');
  await using client = await modern(rig);
  const { got } = await listening(client, { resourcesListChanged: true });
  let count = 0;
  const begin = async () => {
    count += 1;
    await rig.addSession(`26-01-09-raft-${count}`);
  };
  await untilHeard(begin, () => got.includes('list'));
  expect(new Set(got)).toEqual(new Set(['list']));
});

const WAITING: NewEvent = {
  type: 'parked',
  for: 'human_action',
  resumePhase: 'planning',
  openQuestions: [],
  unconfirmed: [],
};

test('a wait reports its progress, and ends on the server when the client cancels it', async () => {
  const sleeping = new Set<AbortSignal | undefined>();
  const clock: Clock = {
    ...systemClock,
    async sleep(ms, signal) {
      sleeping.add(signal);
      await systemClock.sleep(ms / 50, signal).finally(() => sleeping.delete(signal));
    },
  };
  await using rig = await makeServerRig({ clock });
  await rig.addSession('26-01-08-boat', [CREATED, PREPARED, WAITING]);
  await using client = await modern(rig, { capabilities: { roots: {} } });
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: `file://${rig.repo.path}` }] }));
  const cancel = new AbortController();
  const reported: string[] = [];
  const call = { name: 'wait', arguments: { session: 'boat', cursor: 3, until: 'done', timeout_s: 44 } };
  const waited = client.callTool(call, {
    signal: cancel.signal,
    onprogress: ({ message = '' }) => void reported.push(message),
  });
  const ended = expect(waited).rejects.toThrow();
  await eventually(async () => reported.length > 0);
  expect(sleeping.size).toBeGreaterThan(0);
  cancel.abort();
  await ended;
  await eventually(async () => sleeping.size === 0);
});

test("the client's folders are asked for during the first call, once for the connection", async () => {
  await using rig = await makeServerRig();
  await rig.addSession('26-01-08-boat');
  await using client = await modern(rig, { capabilities: { roots: {} }, actions: { cwd: '/' } });
  let asked = 0;
  client.setRequestHandler('roots/list', () => {
    asked += 1;
    return { roots: [{ uri: `file://${rig.repo.path}` }] };
  });
  const call = { name: 'get_status', arguments: { session: 'boat' } };
  for (let index = 0; index < 2; index += 1) {
    const { structuredContent } = await client.callTool(call);
    expect(structuredContent).toMatchObject({ session: '26-01-08-boat' });
  }
  expect(asked).toBe(1);
});

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** The wire of a server, by hand. */
async function rawWire({ context }: ServerRig) {
  const [near, far] = InMemoryTransport.createLinkedPair();
  serveEras(
    far,
    (era) => buildServer({ version: '0', era, loadActions: async () => context }),
    () => {},
  );
  const answers: JSONRPCMessage[] = [];
  near.onmessage = (message) => void answers.push(message);
  await near.start();
  let id = 0;
  return async (method: string, params: object): Promise<Record<string, unknown>> => {
    id += 1;
    await near.send({ jsonrpc: '2.0', id, method, params: { ...params } });
    await eventually(async () => answers.some((message) => 'id' in message && message.id === id));
    return { ...answers.find((message) => 'id' in message && message.id === id) };
  };
}

test('a client that asks for the modern era and then begins as before is served as before', async () => {
  await using rig = await makeServerRig();
  const ask = await rawWire(rig);
  const { result } = await ask('server/discover', { _meta: META });
  expect(result).toMatchObject({ supportedVersions: ['2026-07-28'] });
  const clientInfo = { name: 'raw', version: '1' };
  const begun = await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  expect(begun.result).toMatchObject({ protocolVersion: '2025-11-25', serverInfo: { name: 'samocode' } });
  const listed = await ask('tools/list', {});
  expect(Object.keys(listed.result as object)).toEqual(['tools']);
});

test.each(['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
  'a client of revision %s is answered in that revision',
  async (protocolVersion) => {
    await using rig = await makeServerRig();
    const ask = await rawWire(rig);
    const clientInfo = { name: 'raw', version: '1' };
    const { result } = await ask('initialize', { protocolVersion, capabilities: {}, clientInfo });
    expect(result).toMatchObject({ protocolVersion });
    expect(await ask('server/discover', {})).toMatchObject({ error: { code: -32601 } });
  },
);

test.each<[string, object]>([
  ['tools/call', {}],
  ['tools/call', { name: 5 }],
  ['tools/call', { name: 'list_sessions', arguments: ['x'] }],
  ['tools/call', { name: 'no_such_tool' }],
  ['resources/read', {}],
  ['resources/read', { uri: 'samocode://sessions/none/overview' }],
  ['resources/list', { cursor: 'x' }],
  ['prompts/get', { name: 'start', arguments: { task: 5 } }],
  ['completion/complete', { ref: { type: 'ref/nothing' }, argument: {} }],
])('%s with %j is refused for its arguments', async (method, params) => {
  await using rig = await makeServerRig();
  const ask = await rawWire(rig);
  expect(await ask(method, { ...params, _meta: META })).toMatchObject({ error: { code: -32602 } });
});

test('an answer that no call waits for is refused, and carries nothing out', async () => {
  await using rig = await makeServerRig();
  const ask = await rawWire(rig);
  const call = { name: 'get_status', arguments: { session: 'boat' }, requestState: 'no-such-state' };
  expect(await ask('tools/call', { ...call, inputResponses: {}, _meta: META })).toMatchObject({
    error: { code: -32602, message: expect.stringContaining('Call the tool again') },
  });
});
