// @module-tag ci
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { READ_ONLY_INSTRUCTIONS } from '../../../../src/app/server/server-info.ts';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { makeServerRig } from '../../unit/server/server-rig.ts';

const WRITING = TOOLS.filter(({ annotations }) => !annotations.readOnlyHint).map(({ name }) => name);

test('a read-only server lists only the reading tools, and says so', async () => {
  await using serverRig = await makeServerRig({ isReadOnly: true });
  const { tools } = await serverRig.client.listTools();
  expect(tools.map(({ annotations }) => annotations?.readOnlyHint)).toEqual(tools.map(() => true));
  expect(tools).toHaveLength(TOOLS.length - WRITING.length);
  expect(serverRig.client.getInstructions()).toBe(READ_ONLY_INSTRUCTIONS);
  for (const { name } of tools) expect(READ_ONLY_INSTRUCTIONS).toContain(name);
  const opening = READ_ONLY_INSTRUCTIONS.split('\n')[0] ?? '';
  expect(opening.slice(0, 250)).toContain('--read-only');
  expect(WRITING.filter((name) => opening.includes(name))).toEqual([]);
});

test.each(WRITING)('%s is refused by a read-only server, and has no effect', async (name) => {
  await using serverRig = await makeServerRig({ isReadOnly: true });
  const paths = await serverRig.addSession('26-01-08-boat');
  const before = await readFile(paths.events, 'utf8');
  const called = await serverRig.client.callTool({
    name,
    arguments: { session: 'boat', text: 'x', task: 'x' },
  });
  const [content] = called.content as [{ text: string }];
  expect(called.isError).toBe(true);
  expect(JSON.parse(content.text)).toEqual({
    code: 'read_only',
    message: `${name} was not called. This client is connected with --read-only, so it cannot change anything.`,
    hint: expect.stringContaining('without --read-only'),
  });
  expect(await readFile(paths.events, 'utf8')).toBe(before);
});

test('sessions and their resources are readable as usual', async () => {
  await using serverRig = await makeServerRig({ isReadOnly: true });
  await serverRig.addSession('26-01-08-boat');
  const called = await serverRig.client.callTool({ name: 'list_sessions', arguments: {} });
  expect(called.structuredContent).toMatchObject({ sessions: [{ session: '26-01-08-boat' }] });
  expect(await serverRig.text('samocode://sessions/boat/overview')).toContain('26-01-08-boat');
});
