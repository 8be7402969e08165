import { expect, test } from 'vitest';
import { makeServerRig } from './server-rig.ts';

test('an unknown tool is refused with the name that was meant, and the error code of the protocol appears once', async () => {
  await using serverRig = await makeServerRig();
  const call = serverRig.client.callTool({ name: 'stop_sesion', arguments: {} });
  // The SDK's client prefixes the code.
  await expect(call).rejects.toMatchObject({
    code: -32602,
    message: 'MCP error -32602: There is no tool "stop_sesion". Did you mean stop_session?',
  });
});
