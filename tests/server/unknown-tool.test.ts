import { expect, test } from 'vitest';
import { makeServerRig } from './server-rig.ts';

test('an unknown tool is refused with the name that was meant, and the code of the protocol stands there once', async () => {
  await using serverRig = await makeServerRig();
  const call = serverRig.client.callTool({ name: 'stop_sesion', arguments: {} });
  // The client of the SDK puts the code in front.
  await expect(call).rejects.toMatchObject({
    code: -32602,
    message: 'MCP error -32602: There is no tool "stop_sesion". Did you mean stop_session?',
  });
});
