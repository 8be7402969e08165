import { EmptyResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { makeDesk } from '../../server/desk.ts';

const MALFORMED: ReadonlyArray<[string, Record<string, unknown> | undefined]> = [
  ['tools/call', undefined],
  ['tools/call', { arguments: {} }],
  ['tools/call', { name: 'list_sessions', arguments: null }],
  ['tools/call', { name: 'list_sessions', arguments: ['x'] }],
  ['tools/call', { name: 5 }],
  ['resources/read', {}],
  ['resources/subscribe', { uri: 7 }],
  ['prompts/get', { name: 'start', arguments: { task: 5 } }],
  ['completion/complete', { ref: { type: 'ref/nothing' }, argument: {} }],
];

test.each(MALFORMED)('%s with %j is refused for its arguments', async (method, params) => {
  await using desk = await makeDesk();
  const asked = desk.client.request({ method, ...(params && { params }) }, EmptyResultSchema);
  await expect(asked).rejects.toMatchObject({ code: -32602 });
});
