import { execFileSync } from 'node:child_process';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import * as wire from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { answerRead } from '../../../support/as-parent.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Connection, connect } from '../../../support/mcp-client.ts';
import { sandboxOff } from '../../../support/project.ts';
import { HANGS, startRig } from '../../../support/session-rig.ts';

const RESULTS: Readonly<
  Record<string, { safeParse(value: unknown): { success: boolean; error?: unknown } }>
> = {
  initialize: wire.InitializeResultSchema,
  ping: wire.EmptyResultSchema,
  'tools/list': wire.ListToolsResultSchema,
  'tools/call': wire.CallToolResultSchema,
  'resources/list': wire.ListResourcesResultSchema,
  'resources/templates/list': wire.ListResourceTemplatesResultSchema,
  'resources/read': wire.ReadResourceResultSchema,
  'resources/subscribe': wire.EmptyResultSchema,
  'resources/unsubscribe': wire.EmptyResultSchema,
  'prompts/list': wire.ListPromptsResultSchema,
  'prompts/get': wire.GetPromptResultSchema,
  'completion/complete': wire.CompleteResultSchema,
};

/** What is wrong with a message of the server; undefined if it complies with the protocol. */
function faultOf(message: wire.JSONRPCMessage, methods: ReadonlyMap<unknown, string>): unknown {
  const outer = wire.JSONRPCMessageSchema.safeParse(message);
  if (!outer.success) return outer.error;
  if ('result' in message) return RESULTS[methods.get(message.id) ?? '']?.safeParse(message.result).error;
  if ('error' in message) return undefined;
  const schema = 'id' in message ? wire.ServerRequestSchema : wire.ServerNotificationSchema;
  const { method, params } = message;
  return schema.safeParse({ method, params }).error;
}

/** All messages of the server from now on, and the method of each request. */
function recording({ transport = expect.fail() }: Client) {
  const messages: wire.JSONRPCMessage[] = [];
  const methods = new Map<unknown, string>();
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    if ('method' in message && 'id' in message) methods.set(message.id, message.method);
    await send(message, options);
  };
  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    messages.push(message);
    receive?.(message, extra);
  };
  return { messages, methods };
}

/** Every request but those of a session, two of which are refused. */
async function askEverything({ client, call }: Connection): Promise<void> {
  await client.listTools();
  await client.ping();
  await client.listResources();
  await client.listResourceTemplates();
  await client.listPrompts();
  await client.getPrompt({ name: 'morning_report' });
  const ref = { type: 'ref/prompt' as const, name: 'review_plan' };
  await client.complete({ ref, argument: { name: 'session', value: 'b' } });
  await client.readResource({ uri: 'samocode://nothing' }).catch(() => undefined);
  await call('no_such_tool').catch(() => undefined);
  await call('get_status', { session: 5 });
}

/** Plays a parent that follows `next`, until the session waits or ends. */
async function play(parent: Connection, session: string): Promise<Record<string, unknown>> {
  for (let cursor: unknown; ; ) {
    const { json } = await parent.call('wait', { session, cursor }, { onprogress: () => {} });
    cursor = json.cursor;
    if (json.for === 'qa_answers')
      await answerRead((...asked) => parent.call(...asked), { session, accept_suggestions: true });
    else if (json.for === 'plan_approval') {
      const { json: plan } = await parent.call('read_plan', { session });
      const { json: approved } = await parent.call('approve_plan', { session, hash: plan.hash });
      // The next step named by the planner was this approval.
      expect(approved.says).not.toHaveProperty('next');
    } else if (json.state !== 'running') return json;
  }
}

/** One session: the first server is killed while an agent works, and two others see the session to its end. */
let bench: Bench;
/** After the first server was killed. */
let isAtWork: boolean;
let second: Connection;
let watcher: Connection;
let session: string;
let uri: string;
let wired: ReturnType<typeof recording>;
let ends: { done: object; seen: object };

beforeAll(async () => {
  bench = await makeBench({ bare: true });
  const options = { env: bench.repo.env, cwd: bench.repo.path };
  // Its agents take long enough to be seen at work.
  const slow = { ...bench.repo.env, SAMOCODE_REHEARSAL_PACE_MS: '300' };
  await using first = await connect({ ...options, env: slow });
  const setUp = await first.call('setup_project', { provider: 'rehearsal' });
  expect(setUp.json).toMatchObject({ provider: 'rehearsal', main_repo: bench.repo.path });
  expect(setUp.structured).toEqual(setUp.json);
  await sandboxOff(bench.repo);
  const started = await first.call('start_session', { task: 'Write it down' });
  session = String(started.json.session);
  expect(started.json).toMatchObject({ branch: 'samocode/write-it-down', next: 'wait' });
  await eventually(async () => (await bench.view(session)).state.openIteration !== undefined);
  process.kill(first.pid, 'SIGKILL');
  isAtWork = (await bench.view(session)).state.openIteration !== undefined;

  [second, watcher] = await Promise.all([connect(options), connect(options)]);
  wired = recording(second.client);
  uri = `samocode://sessions/${session}/overview`;
  for (const { client } of [second, watcher]) await client.subscribeResource({ uri });
  await askEverything(second);
  const [done, seen] = await Promise.all([
    play(second, session),
    watcher.call('wait', { session, until: 'done' }),
  ]);
  ends = { done, seen: seen.json };
  for (const { updated } of [second, watcher]) await eventually(async () => updated.length > 5);
});

afterAll(async () => {
  // Also if it could not be played.
  for (const each of [second, watcher, bench]) await each?.[Symbol.asyncDispose]();
});

test(
  'a parent takes a task from set-up to done, with every step reported, and killed servers change nothing',
  ci,
  async () => {
    expect(ends.done).toMatchObject({ state: 'done', says: { summary: expect.any(String) } });
    expect(ends.seen).toMatchObject({ state: 'done', changed: true });
    const events = await readEvents((await bench.view(session)).paths, 0);
    const approved = events.find(({ type }) => type === 'plan_approved');
    expect(approved).toMatchObject({ by: { channel: 'tool', client: 'test-client' } });
    expect(new Set(watcher.updated)).toEqual(new Set([uri]));
    const { contents } = await watcher.client.readResource({ uri });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining('Phase: done') });
    const { resources } = await watcher.client.listResources();
    expect(resources.map((resource) => resource.uri)).toEqual(['samocode://sessions']);
  },
);

test('a session outlives a server that is killed while an agent works', ci, async () => {
  const events = await readEvents((await bench.view(session)).paths, 0);
  const owners = events.filter((event) => event.type === 'worker_took_over');
  expect(isAtWork).toBe(true);
  expect(owners.filter(({ previous }) => previous === 'died')).toEqual([]);
});

test('a second worker for a session that has one leaves without a trace', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const before = await rig.workerPid();
  const { sessionsDir, folder } = rig.paths;
  execFileSync(process.execPath, [rig.program('worker'), sessionsDir, folder], { env: rig.repo.env });
  expect(await rig.workerPid()).toBe(before);
  const owners = (await rig.events()).filter((event) => event.type === 'worker_took_over');
  expect(owners).toHaveLength(1);
});

test('two servers report the same state and events of one session', async () => {
  const statusOf = async (server: Connection) => (await server.call('get_status', { session })).json;
  // The worker leaves a moment later.
  await eventually(async () => (await statusOf(second)).worker === 'none needed');
  expect(await statusOf(watcher)).toEqual(await statusOf(second));
  const again = (await watcher.call('answer_qa', { session, accept_suggestions: true })).json;
  expect(again.message).toMatch(
    /Q1 was answered first with .* by the parent model alone .* The first answer counts/,
  );
});

test('every message of a whole session complies with the protocol', async () => {
  const { messages, methods } = wired;
  await second.client.readResource({ uri });
  await second.client.unsubscribeResource({ uri });
  const faults = messages.map((message) => faultOf(message, methods)).filter((fault) => fault !== undefined);
  expect(faults).toEqual([]);
  const answered = messages.flatMap((message) =>
    'result' in message ? (methods.get(message.id) ?? []) : [],
  );
  expect(new Set(answered)).toEqual(new Set(Object.keys(RESULTS).filter((name) => name !== 'initialize')));
  expect(messages.filter((message) => 'error' in message)).toHaveLength(2);
  expect(messages.some((message) => 'method' in message)).toBe(true);
});
