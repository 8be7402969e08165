import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { listedTool } from '../../src/server/calls/listed-tool.ts';
import { INSTRUCTIONS } from '../../src/server/instructions.ts';
import { TOOLS } from '../../src/server/tools/index.ts';

const CORE = ['start_session', 'get_status', 'wait', 'answer_qa'];

test('every tool lies in the file of its name and is listed once', async () => {
  const files = (await readdir('src/server/tools')).filter((name) => name !== 'index.ts').sort();
  expect(TOOLS.map(({ name }) => `${name.replaceAll('_', '-')}.ts`).sort()).toEqual(files);
});

test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
  '%s is described within its size',
  (_name, tool) => {
    const listed = listedTool(tool);
    expect(tool.description.length).toBeLessThanOrEqual(600);
    expect(Object.values(listed.annotations ?? {}).filter((hint) => typeof hint === 'boolean')).toHaveLength(
      4,
    );
    expect(listed.annotations?.title).toBe(tool.title);
    const isCore = listed._meta?.['anthropic/alwaysLoad'] === true;
    expect(isCore).toBe(CORE.includes(tool.name));
    expect(isCore || typeof listed._meta?.['anthropic/searchHint'] === 'string').toBe(true);
    const fields = Object.values(listed.inputSchema.properties ?? {}) as Array<{ description?: string }>;
    for (const field of fields) expect(field.description?.length).toBeGreaterThan(10);
  },
);

test('only looking is marked as read-only', () => {
  const readOnly = TOOLS.filter(({ annotations }) => annotations.readOnlyHint).map(({ name }) => name);
  expect(readOnly).toEqual(['list_sessions', 'get_status', 'wait', 'read_qa', 'read_plan', 'read_session']);
});

test('the instructions fit every client, and their beginning stands by itself', () => {
  expect(INSTRUCTIONS.length).toBeLessThanOrEqual(2000);
  const opening = INSTRUCTIONS.split('\n')[0] ?? '';
  expect(opening.length).toBeLessThanOrEqual(250);
  for (const name of ['start_session', 'wait', 'read_qa', 'answer_qa', 'approve_plan'])
    expect(opening).toContain(name);
});

test('all definitions together cost a model little', () => {
  const asSent = JSON.stringify({ tools: TOOLS.map(listedTool) });
  expect(asSent.length / 4).toBeLessThanOrEqual(4500);
});
