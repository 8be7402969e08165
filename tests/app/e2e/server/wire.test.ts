import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import * as wire from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { answerRead } from '../../../support/as-parent.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { eventually } from '../../../support/eventually.ts';

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

/** All messages, as received by the other side. */
function recording(transport: Transport) {
  const messages: wire.JSONRPCMessage[] = [];
  const methods = new Map<unknown, string>();
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    if ('method' in message && 'id' in message) methods.set(message.id, message.method);
    await send(message, options);
  };
  return {
    messages,
    methods,
    /** Once the client listens. */
    listen() {
      const receive = transport.onmessage;
      transport.onmessage = (message, extra) => {
        messages.push(message);
        receive?.(message, extra);
      };
    },
  };
}

test('every message of a whole session complies with the protocol', async () => {
  await using bench = await makeBench();
  const { server } = await builtPrograms();
  const cwd = bench.repo.path;
  const { env } = bench.repo;
  const command = { command: process.execPath, args: [server], cwd, env, stderr: 'inherit' as const };
  const transport = new StdioClientTransport(command);
  const { messages, methods, listen } = recording(transport);
  const client = new Client({ name: 'wire', version: '1' });
  await client.connect(transport);
  listen();
  const call = async (name: string, args: Record<string, unknown>) => {
    const params = { name, arguments: args };
    const { structuredContent } = await client.callTool(params, undefined, { onprogress: () => {} });
    return (structuredContent ?? {}) as Record<string, unknown>;
  };
  await client.listTools();
  await client.ping();
  const { session } = await call('start_session', { task: 'Name the boats', name: 'boats' });
  const uri = `samocode://sessions/${session}/overview`;
  await client.subscribeResource({ uri });
  await client.listResources();
  await client.listResourceTemplates();
  await client.listPrompts();
  await client.getPrompt({ name: 'morning_report' });
  const ref = { type: 'ref/prompt' as const, name: 'review_plan' };
  await client.complete({ ref, argument: { name: 'session', value: 'b' } });
  await client.readResource({ uri: 'samocode://nothing' }).catch(() => undefined);
  await call('no_such_tool', {}).catch(() => undefined);
  await call('get_status', { session: 5 });
  for (let status: Record<string, unknown> = {}; status.state !== 'done'; ) {
    status = await call('wait', { session, cursor: status.cursor, until: 'attention' });
    if (status.for === 'qa_answers') await answerRead(call, { session, accept_suggestions: true });
    if (status.for !== 'plan_approval') continue;
    const { hash } = await call('read_plan', { session });
    await call('approve_plan', { session, hash });
  }
  await client.readResource({ uri });
  await eventually(async () => messages.some((message) => 'method' in message));
  await client.unsubscribeResource({ uri });
  await client.close();

  const faults = messages.map((message) => faultOf(message, methods)).filter((fault) => fault !== undefined);
  expect(faults).toEqual([]);
  const answered = messages.flatMap((message) =>
    'result' in message ? (methods.get(message.id) ?? []) : [],
  );
  expect(new Set(answered)).toEqual(new Set(Object.keys(RESULTS).filter((name) => name !== 'initialize')));
  expect(messages.filter((message) => 'error' in message)).toHaveLength(2);
});
