// @module-tag ci
import { EmptyResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';

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
  await using serverRig = await makeServerRig();
  const asked = serverRig.client.request({ method, ...(params && { params }) }, EmptyResultSchema);
  await expect(asked).rejects.toMatchObject({ code: -32602 });
});
