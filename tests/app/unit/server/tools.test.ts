import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { ICON_SVG, INSTRUCTIONS } from '../../../../src/app/server/server-info.ts';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { describedOutputOf, listedTool } from '../../../../src/core/faces/mcp/tool-schemas.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig } from './server-rig.ts';

const READ_ONLY = ['list_sessions', 'get_status', 'wait', 'read_qa', 'read_plan', 'read_session'];
const CORE = ['start_session'];

test('every tool is in the file of its name and is listed once', async () => {
  const paths = await readdir('src', { recursive: true });
  const files = paths.map((path) => basename(path)).filter((name) => name.endsWith('.tool.ts'));
  expect(TOOLS.map(({ name }) => `${name.replaceAll('_', '-')}.tool.ts`).sort()).toEqual(files.sort());
});

test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
  'the description of %s is within its size limit',
  (_name, tool) => {
    const listed = listedTool(tool);
    expect(tool.description.length).toBeLessThanOrEqual(600);
    expect(Object.values(listed.annotations ?? {}).filter((hint) => typeof hint === 'boolean')).toHaveLength(
      4,
    );
    expect([listed.title, listed.annotations?.title]).toEqual([tool.title, tool.title]);
    // Claude Code cuts a title in its prompt at about 20 columns.
    expect(tool.title).toMatch(/^[A-Z][a-z ]{5,17}$/);
    const isCore = listed._meta?.['anthropic/alwaysLoad'] === true;
    expect(isCore).toBe(CORE.includes(tool.name));
    // A search covers name and description too: a hint only adds words that they lack.
    const found = `${tool.name} ${tool.description}`.toLowerCase();
    const hints = tool.searchHint?.split(', ') ?? [];
    expect(hints.filter((hint) => found.includes(hint))).toEqual([]);
    const fields = Object.values(listed.inputSchema.properties ?? {}) as Array<{ description?: string }>;
    for (const field of fields) expect(field.description?.length).toBeGreaterThan(10);
  },
);

test('only reading tools are marked as read-only', () => {
  const readOnly = TOOLS.filter(({ annotations }) => annotations.readOnlyHint).map(({ name }) => name);
  expect(readOnly).toEqual(READ_ONLY);
});

test('every tool that starts agents or removes something is marked as destructive', () => {
  const harmless = TOOLS.filter(({ annotations }) => !annotations.destructiveHint).map(({ name }) => name);
  // Guidance is only written for the next agent.
  expect(harmless).toEqual([...READ_ONLY.slice(0, 5), 'send_message', ...READ_ONLY.slice(5)]);
});

test('only Codex gets the schemas of results; apart from that, every client gets the same', () => {
  for (const tool of TOOLS) {
    const { outputSchema, ...rest } = listedTool(tool, 'codex-mcp-client');
    expect(outputSchema).toMatchObject({ type: 'object', required: expect.arrayContaining(['summary']) });
    for (const client of ['claude-code', 'gemini-cli-mcp-client', 'claude-ai', ''])
      expect(listedTool(tool, client)).toEqual(rest);
  }
});

test('every field of a result is described', () => {
  for (const tool of TOOLS) {
    const fields = Object.entries(describedOutputOf(tool).properties ?? {});
    expect(fields.filter(([name, { description }]) => !description && name !== 'outcome')).toEqual([]);
  }
});

test('the instructions fit every client, and their beginning is complete by itself', () => {
  expect(INSTRUCTIONS.length).toBeLessThanOrEqual(2000);
  const opening = INSTRUCTIONS.split('\n')[0] ?? '';
  expect(opening.length).toBeLessThanOrEqual(250);
  for (const name of ['start_session', 'wait', 'read_qa', 'answer_qa', 'approve_plan'])
    expect(opening).toContain(name);
});

test('all definitions together are within their token budget', () => {
  const asSent = JSON.stringify({ tools: TOOLS.map((tool) => listedTool(tool)) });
  expect(asSent.length / 4).toBeLessThanOrEqual(4500);
});

test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
  '%s equals its golden file (if the change is intended, run this file with -u and check the diff)',
  async (name, tool) => {
    const asSent = `${JSON.stringify(listedTool(tool), undefined, 2)}\n`;
    await expect(asSent).toMatchFileSnapshot(`../../../golden/tools/${name}.json`);
  },
);

test('there is no golden file of a removed tool', async () => {
  const files = (await readdir('tests/golden/tools')).map((name) => name.replace(/\.json$/, ''));
  expect(files.sort()).toEqual(TOOLS.map(({ name }) => name).sort());
});

test('an unknown tool is refused with the name that was meant, and the error code of the protocol appears once', async () => {
  await using serverRig = await makeServerRig();
  const call = serverRig.client.callTool({ name: 'stop_sesion', arguments: {} });
  // The SDK's client prefixes the code.
  await expect(call).rejects.toMatchObject({
    code: -32602,
    message: 'MCP error -32602: There is no tool "stop_sesion". Did you mean stop_session?',
  });
});

const ODD = 'boat\u001b]0;owned\u0007\u202e';

test.each([
  ['get_status', { session: ODD }],
  ['answer_qa', { session: ODD, answers: { Q1: 'A' } }],
  ['start_session', { task: 'x', name: ODD }],
  ['list_sessions', { project_dir: `/nowhere/${ODD}` }],
])('%s returns control characters of its arguments as escapes', async (name, args) => {
  await using serverRig = await makeServerRig();
  const { json, isError } = await askTool(name, args, serverRig.context);
  expect(isError).toBe(true);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches the control characters that must be absent
  expect(Object.values(json).join(' ')).not.toMatch(/[\u001b\u0007\u202e]/);
  expect(String(json.message)).toContain('\\u001b]0;owned');
});

test('the server describes itself for people, with an icon that needs no network', async () => {
  await using serverRig = await makeServerRig({ bare: true });
  const info = serverRig.client.getServerVersion();
  expect(info).toMatchObject({ name: 'samocode', title: 'Samocode' });
  expect(info?.description).toMatch(/^[A-Z].{40,160}\.$/);
  const [icon] = info?.icons ?? [];
  expect(icon).toMatchObject({ mimeType: 'image/svg+xml', sizes: ['any'] });
  const [, base64 = ''] = icon?.src.split('data:image/svg+xml;base64,') ?? [];
  expect(Buffer.from(base64, 'base64').toString()).toBe(ICON_SVG);
  expect(ICON_SVG).not.toMatch(/<script|href|onload|url\(/);
  // Every client gets it at the start of every chat.
  expect(base64.length).toBeLessThan(1200);
});

test('the icon of the Claude Desktop bundle is a PNG of the required size', async () => {
  const png = await readFile('packages/desktop/icon.png');
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([512, 512]);
  expect(png.length).toBeLessThan(40_000);
});
