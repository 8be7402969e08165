import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { RESOURCE_KINDS } from '../../../../src/app/server/resources/kinds.ts';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { NotifyChannel } from '../../../../src/extensions/notify/channels/channel.ts';
import { channelsOf } from '../../../../src/extensions/notify/channels/channels-of.ts';
import { ASKING, BLOCKED, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import { outboxScene } from '../../../extensions/notify/unit/outbox-scene.ts';
import { ci } from '../../../support/ci.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { connect } from '../../../support/mcp-client.ts';
import { trustLines } from '../../../support/project.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { typedDigits } from '../../../support/type-digits.ts';
import { serveWeb, type WebRig } from '../../../support/web-rig.ts';

/** The key of a page, and codes for it that are open. */
async function secretsOf(web: WebRig): Promise<RegExp[]> {
  const texts = [await web.key(), await web.newCode('address')];
  const digits = await web.newCode('digits');
  // Not as a part of a hash.
  return [...texts.map((text) => new RegExp(text)), new RegExp(`(?<![0-9a-f])${digits}(?![0-9a-f])`), /#c=/];
}

/** Each call for a code makes another one, so every address of the page is compared as a whole. */
function expectNoKey(texts: ReadonlyMap<string, string>, web: WebRig, secrets: readonly RegExp[]): void {
  const address = new RegExp(`${web.served.address}[^\\s"'<>\\\\]*`, 'g');
  const known = new RegExp(`^${web.served.address}(?:#/s/[0-9a-f]{12})?$`);
  for (const [name, text] of texts) {
    expect([name, secrets.filter((secret) => secret.test(text))]).toEqual([name, []]);
    expect([name, (text.match(address) ?? []).filter((each) => !known.test(each))]).toEqual([name, []]);
  }
}

/** A client of the built server that shows forms, and everything that it receives. */
async function listeningClient({ repo }: SessionRig) {
  const capabilities = { elicitation: { form: {} } };
  const connection = await connect({ cwd: repo.path, env: repo.env, capabilities });
  const { client } = connection;
  const texts = new Map<string, string>();
  const keep = (name: string, value: unknown) => {
    texts.set(`${texts.size} ${name}`, JSON.stringify(value) ?? '');
  };
  client.fallbackNotificationHandler = async (notification) => keep('notification', notification);
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    keep('form', params);
    const typed = typedDigits(params);
    if (typed) return typed;
    const fields = Object.entries(Object(params).requestedSchema.properties);
    const content = fields.flatMap(([name, field]) => {
      const [, first] = Object(field).enum ?? [];
      return first === undefined ? [] : [[name, name === 'decision' ? 'approve' : first]];
    });
    return { action: 'accept', content: Object.fromEntries(content) };
  });
  const dispose = () => connection[Symbol.asyncDispose]();
  return { client, texts, keep, [Symbol.asyncDispose]: dispose };
}

type Listening = Awaited<ReturnType<typeof listeningClient>>;

/** A busy machine starts workers slowly. */
const CALL_MS = 600_000;

/** Calls a tool, and keeps its result. */
function callsBy({ client, keep }: Pick<Listening, 'client' | 'keep'>, session: string) {
  const seen = { called: new Set<string>(), failed: [] as string[] };
  const call = async (name: string, args: Record<string, unknown> = { session }) => {
    const result = await client.callTool({ name, arguments: args }, undefined, { timeout: CALL_MS });
    keep(name, result);
    seen.called.add(name);
    if (result.isError) seen.failed.push(name);
    return Object(result.structuredContent);
  };
  return { ...seen, call };
}

/** Calls every tool in the life of a session that asks. */
async function callEveryTool(rig: SessionRig, call: ReturnType<typeof callsBy>['call']): Promise<void> {
  const session = rig.file.folder;
  for (const name of ['list_sessions', 'setup_project']) await call(name, {});
  for (const name of ['get_status', 'read_qa', 'rewind_session', 'answer_qa']) await call(name);
  await rig.untilWaiting('plan_approval');
  await call('request_changes', { session, feedback: 'Mind the harbour' });
  await rig.untilWaiting('plan_approval');
  const { hash } = await call('read_plan');
  await call('wait', { session, cursor: 0 });
  await call('approve_plan', { session, hash });
  await call('send_message', { session, text: 'Paint them blue' });
  await call('stop_session', { session, when: 'now' });
  await rig.until(({ status }) => status.kind === 'stopped');
  for (const what of ['overview', 'document', 'transcript', 'changes', 'log'])
    await call('read_session', { session, what });
  for (const name of ['get_status', 'finish_session', 'resume_session', 'stop_session']) await call(name);
  await call('start_session', { task: 'Name the boats', start: false });
}

/** @returns the addresses of the resources that were read */
async function readEverything(
  { client, keep }: Pick<Listening, 'client' | 'keep'>,
  session: string,
): Promise<string[]> {
  keep('instructions', client.getInstructions());
  const { tools } = await client.listTools();
  keep('tools', tools);
  const { prompts } = await client.listPrompts();
  for (const { name, arguments: [argument] = [] } of prompts)
    keep(name, await client.getPrompt({ name, arguments: argument ? { [argument.name]: session } : {} }));
  const { resources } = await client.listResources();
  const uris = [
    ...resources.map(({ uri }) => uri),
    ...Object.keys(RESOURCE_KINDS).map((kind) => `samocode://sessions/${session}/${kind}`),
  ];
  // A document that the session does not have is an error.
  const reads = await Promise.allSettled(uris.map((uri) => client.readResource({ uri })));
  for (const [index, read] of reads.entries()) keep(`read ${uris[index]}`, read);
  return uris.filter((_uri, index) => reads[index]?.status === 'fulfilled');
}

test('no tool result, form, resource or prompt has the key of the page or a code for it', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  await trustLines(rig.repo);
  await using web = await serveWeb(rig.context('cli'));
  const secrets = await secretsOf(web);
  await using listening = await listeningClient(rig);
  const session = rig.file.folder;
  const { call, called, failed } = callsBy(listening, session);
  await callEveryTool(rig, call);
  const read = await readEverything(listening, session);
  expectNoKey(listening.texts, web, secrets);
  expect(failed).toEqual([]);
  expect(TOOLS.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
  expect(read.map((uri) => uri.split('/').at(-1))).toEqual(expect.arrayContaining(['overview']));
  // What is searched does have the address.
  const withAddress = [...listening.texts].filter(([, text]) => text.includes(`${web.served.address}#/s/`));
  const named = withAddress.map(([name]) => name.replace(/^\d+ /, ''));
  expect(named).toEqual(expect.arrayContaining(['read_qa', 'read_plan']));
});

test('no notification through any channel has the key of the page or a code for it', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  const { home } = here.supervisor;
  const context = { clock: systemClock, host: await systemHost(), env: {}, home, cwd: home };
  const programs = { worker: '/nowhere/worker.cjs', rehearsal: '/nowhere/rehearsal.cjs' };
  await using web = await serveWeb({ ...context, programs, by: { channel: 'cli' } });
  const secrets = await secretsOf(web);
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const texts = new Map<string, string>();
  const phone: NotifyChannel = {
    name: 'telegram',
    send: async (notification) => void texts.set(notification.id, JSON.stringify(notification)),
  };
  for (const [name, last] of Object.entries({ asks: ASKING, blocked: BLOCKED, done: DONE }))
    await here.session(name, { events: [CREATED, PREPARED, last], startMs: here.startMs });
  await here.watching({ channels: (settings) => [...channelsOf(settings, here.supervisor), phone] }).poll();
  for (const [index, { body }] of hook.accepted.entries()) texts.set(`webhook ${index}`, body);
  expect([hook.ids(), texts.size]).toEqual([['asks:3', 'blocked:3', 'done:3'], 6]);
  expectNoKey(texts, web, secrets);
  expect([...texts.values()].join('\n')).toContain(`${web.served.address}#/s/`);
});
