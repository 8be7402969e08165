import { expect, test } from 'vitest';
import { eventually } from '../../../../support/eventually.ts';
import { startRig } from '../../../../support/session-rig.ts';
import { webPage } from '../../../../support/web-page.ts';

const SERVER =
  "node -e \"require('node:http').createServer((_, r) => r.end('boats')).listen({port.web}, '127.0.0.1')\"";

test('at a gate, a person opens the application, follows its address and ends its services', async () => {
  await using rig = await startRig({ at: 'asking', lines: { PORTS: 'web', SERVICE_WEB: SERVER } });
  using page = await webPage(rig.context());
  const offer = await page.part('p-services');
  expect(offer).toContain('Open the app …');
  expect(offer).not.toContain('<a ');
  expect((await page.act('services', { want: 'up' })).status).toBe(200);
  const address = await eventually(
    async () => /<a href="(http:\/\/localhost:\d+)"/.exec(await page.part('p-services'))?.[1],
  );
  expect(await (await fetch(address.replace('localhost', '127.0.0.1'))).text()).toBe('boats');
  const shown = await page.part('p-services');
  expect(shown).toMatch(/<code dir="ltr">web<\/code> ready, port \d+/);
  expect(shown).toContain('End the services');
  expect(await page.act('services', { want: 'down' })).toMatchObject({
    status: 200,
    text: 'The services end; their data is kept.',
  });
  await eventually(async () => (await page.part('p-services')).includes('Open the app …'));
});

test('a session whose settings have no services offers no application', async () => {
  await using rig = await startRig({ at: 'asking' });
  using page = await webPage(rig.context());
  expect(await page.part('p-services')).toBe('');
});
