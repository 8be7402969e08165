import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { INSTRUCTIONS } from '../../../../src/app/server/server-info.ts';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { describedOutputOf, listedTool } from '../../../../src/core/faces/mcp/tool-schemas.ts';

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
