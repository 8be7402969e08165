import { expect, test } from 'vitest';
import { eventually } from '../../../../support/eventually.ts';
import { serveWeb, type WebRig } from '../../../../support/web-rig.ts';
import { hangingCheck } from './hanging-check.ts';

test.each([
  ['its tab goes', (asked: AbortController, _web: WebRig) => asked.abort()],
  ['the server ends', async (_asked: AbortController, web: WebRig) => await web.end()],
])('a verification leaves no process and no failure when %s', async (_title, end) => {
  await using scene = await hangingCheck();
  const { key } = scene;
  await using web = await serveWeb(scene.context);
  const asked = new AbortController();
  const answer = fetch(new URL(`/s/${key}/verify`, web.served.address), {
    method: 'POST',
    body: JSON.stringify({ session: key }),
    headers: { authorization: `Bearer ${await web.key()}`, 'content-type': 'application/json' },
    signal: asked.signal,
  });
  await Promise.all([
    expect(answer).rejects.toThrow(),
    eventually(async () => (await scene.running()).length > 0).then(async () => await end(asked, web)),
  ]);
  await eventually(async () => (await scene.running()).length === 0);
  expect(web.failures).toEqual([]);
});
