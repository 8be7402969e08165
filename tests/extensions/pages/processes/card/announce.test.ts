// @module-tag ci
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { listedTool } from '../../../../../src/core/faces/mcp/tool-schemas.ts';
import { makeServerRig, type ServerRig } from '../../../../app/unit/server/server-rig.ts';
import { ASKING, CREATED, PREPARED } from '../../../../core/unit/session/events.ts';

const CARD_URI = 'ui://samocode/inbox.html';
const SHOWN = ['list_sessions', 'get_status', 'read_qa', 'read_plan'];

const announcing = (mimeTypes?: unknown): ClientCapabilities => ({
  extensions: { 'io.modelcontextprotocol/ui': mimeTypes === undefined ? {} : { mimeTypes } },
});
const APPS = announcing(['text/html;profile=mcp-app']);

const session = '26-01-08-boat';
const CALLS: [name: string, args: Record<string, unknown>][] = [
  ['list_sessions', {}],
  ['get_status', { session }],
  ['read_qa', { session }],
  ['read_plan', { session }],
  ['wait', { session, cursor: 0 }],
];

/** What the client gets, with the same place and time in every run. */
async function everyResult({ client, repo }: ServerRig) {
  const results = [];
  for (const [name, args] of CALLS) results.push(await client.callTool({ name, arguments: args }));
  const { resources } = await client.listResources();
  const text = JSON.stringify({ results, ...(await client.listTools()) });
  return { resources, ...JSON.parse(text.replaceAll(repo.root, '/place')) };
}

async function rigWith(capabilities: ClientCapabilities): Promise<ServerRig> {
  const rig = await makeServerRig({ capabilities });
  await rig.addSession(session, [CREATED, PREPARED, ASKING]);
  return rig;
}

test.each<[string, ClientCapabilities]>([
  ['announces nothing', {}],
  ['announces another extension', { extensions: { 'example.org/ui': { mimeTypes: ['text/html'] } } }],
  ['shows other types', announcing(['text/uri-list'])],
  ['announces no types', announcing()],
  ['announces a type that is no list', announcing('text/html;profile=mcp-app')],
])('a client that %s gets no _meta of the card, and no ui:// resource', async (_what, capabilities) => {
  await using rig = await rigWith(capabilities);
  const { tools, results, resources } = await everyResult(rig);
  expect(tools).toEqual(TOOLS.map((tool) => listedTool(tool)));
  expect(JSON.stringify(results).match(/_meta/)).toBeNull();
  expect(JSON.stringify(resources)).not.toContain('ui://');
  await expect(rig.client.readResource({ uri: CARD_URI })).rejects.toThrow('is not a resource');
});

test('a client with apps gets the same texts and fields, and beside them what its card needs', async () => {
  await using plain = await rigWith({});
  await using rig = await rigWith({ ...APPS, elicitation: {} });
  const [without, withApps] = [await everyResult(plain), await everyResult(rig)];
  const card = { ui: { resourceUri: CARD_URI }, 'ui/resourceUri': CARD_URI };
  for (const tool of without.tools) if (SHOWN.includes(tool.name)) tool._meta = { ...tool._meta, ...card };
  const shown = withApps.results.slice(0, SHOWN.length);
  const keys = ({ _meta }: { _meta?: object }) => Object.keys(Object(Object(_meta)['samocode/inbox']));
  expect(shown.map(keys)).toEqual([...Array(3).fill(['markup', 'sum']), []]);
  expect(shown[0]._meta['samocode/inbox'].markup).toContain(
    '<b class="task" dir="auto">Give every boat a name</b>',
  );
  for (const result of shown) delete result._meta;
  expect(withApps.tools).toEqual(without.tools);
  expect(withApps.results).toEqual(without.results);
  expect(without.results.map(({ isError = false }) => isError)).toEqual([false, false, false, true, false]);
  expect(JSON.stringify(withApps.resources)).not.toContain('ui://');
});

const markupIn = ({ _meta }: { _meta?: object }): string => Object(_meta)['samocode/inbox'].markup;

test('a read-only server offers no form', async () => {
  for (const isReadOnly of [false, true]) {
    await using rig = await makeServerRig({ isReadOnly, capabilities: { ...APPS, elicitation: {} } });
    await rig.addSession(session, [CREATED, PREPARED, ASKING]);
    const card = markupIn(await rig.client.callTool({ name: 'list_sessions', arguments: {} }));
    expect([isReadOnly, card.includes('Answer in a form')]).toEqual([isReadOnly, !isReadOnly]);
  }
});

test('the card says what a session asks by the text of its question, in one line', async () => {
  await using rig = await rigWith(APPS);
  const questions = ['Q1', 'Q2'].map(
    (id) => `### ${id}: Which\n  colour?\n- A) Red\n- B) Blue\n\n**Answer:**\n`,
  );
  await rig.repo.write({ [`_samocode/sessions/${session}/_qa.md`]: `# Q&A\n\n${questions.join('\n')}` });
  const card = markupIn(await rig.client.callTool({ name: 'list_sessions', arguments: {} }));
  expect(card).toContain('<span dir="auto">Which colour?</span>');
});
