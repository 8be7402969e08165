// @module-tag ci
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { runWeb, WEB_DEFAULTS } from '../../../../../src/extensions/pages/web/server/run-web.ts';
import { answerRead } from '../../../../support/as-parent.ts';
import { makeBench } from '../../../../support/bench.ts';
import { eventually } from '../../../../support/eventually.ts';
import { mcpRig } from '../../../../support/mcp-over-http.ts';
import { call, takeThroughGates, untilWaiting } from './far-chat.ts';

test('a chat on another machine takes a session through both gates, and every act is recorded under the name of its token', async () => {
  await using bench = await makeBench({ here: true });
  await using rig = await mcpRig(bench.context);
  const client = await rig.connect(await rig.addToken('phone'));
  const started = await call(client, 'start_session', {
    task: 'Name the boats',
    project_dir: bench.repo.path,
  });
  const { session } = started;
  const uri = `samocode://sessions/${session}/overview`;
  const updated: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updated.push(params.uri);
  });
  await client.subscribeResource({ uri });
  await untilWaiting(client, session, 'qa_answers');
  await eventually(async () => updated.includes(uri));
  await takeThroughGates(client, session, bench);
});

test('where only persons open gates, a token opens none', async () => {
  await using bench = await makeBench({ here: true, lines: { GATE_CHANNELS: 'person' } });
  await using rig = await mcpRig(bench.context);
  const client = await rig.connect(await rig.addToken('phone'));
  const start = { task: 'Name the boats', project_dir: bench.repo.path };
  const { session } = await call(client, 'start_session', start);
  await untilWaiting(client, session, 'qa_answers');
  expect(
    await answerRead((name, args) => call(client, name, args), { session, accept_suggestions: true }),
  ).toMatchObject({
    code: 'channel_closed',
  });
  const events = await readEvents((await bench.view(session)).paths, 0);
  expect(events.map(({ type }) => type)).not.toContain('answers_recorded');
});

test('a token raises no limit of the file, at the start or later, although its channel opens gates', async () => {
  await using bench = await makeBench({ here: true, lines: { MAX_COST_USD: '5' } });
  await using rig = await mcpRig(bench.context);
  const client = await rig.connect(await rig.addToken('phone'));
  const start = { task: 'Name the boats', project_dir: bench.repo.path, limits: { usd: 900_000 } };
  const { session, warnings } = await call(client, 'start_session', { ...start, start: false });
  expect(warnings).toContainEqual(expect.stringMatching(/^limits\.usd 900000 was lowered to 5, /));
  const resumed = await call(client, 'resume_session', { session, limits: { usd: 900_000 } });
  expect(resumed.summary).toContain('limits.usd 900000 was lowered to 5, the MAX_COST_USD that holds');
  const { sessionFile, state } = await bench.view(session);
  expect(sessionFile?.settings.limits.session).toEqual({ usd: 5 });
  expect(state.raisedLimits?.session).toEqual({ usd: 5 });
});

test('a client from afar is shown no form, so whatever holds its token acts as a model alone', async () => {
  await using bench = await makeBench({ here: true });
  await using rig = await mcpRig(bench.context);
  const token = await rig.addToken('phone');
  const client = await rig.connect(token, { noStream: true, capabilities: { elicitation: { form: {} } } });
  const asked: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.message);
    return { action: 'accept', content: { Q1: 'A', Q2: 'B', Q3: 'A' } };
  });
  const start = { task: 'Name the boats', project_dir: bench.repo.path };
  const { session } = await call(client, 'start_session', start);
  await untilWaiting(client, session, 'qa_answers');
  expect(
    await answerRead((name, args) => call(client, name, args), { session, accept_suggestions: true }),
  ).toMatchObject({
    next: 'wait',
  });
  expect(asked).toEqual([]);
  const events = await readEvents((await bench.view(session)).paths, 0);
  const recorded = events.find(({ type }) => type === 'answers_recorded');
  expect(recorded).toMatchObject({ by: { channel: 'tool', client: 'phone' } });
});

test('a page that runs without --mcp is named, and left alone', async () => {
  await using bench = await makeBench();
  const stop = new AbortController();
  const request = { ...WEB_DEFAULTS, port: 46_770, interrupted: stop.signal, failed: () => {} };
  const { served, ended } = await runWeb(request, bench.context);
  expect(served.mcp).toBeUndefined();
  expect((await fetch(`${served.address}mcp`, { method: 'POST' })).status).toBe(401);
  await expect(runWeb({ ...request, mcp: 'port' }, bench.context)).rejects.toMatchObject({ code: 'no_mcp' });
  stop.abort();
  await ended;
});
