import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pictureField } from '../../../../../src/extensions/pages/web/acts/picture-comments.ts';
import { eventually } from '../../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../../support/session-rig.ts';
import { takePictures } from '../../../../support/taken-pictures.ts';
import { webPage } from '../../../../support/web-page.ts';

const AFTER = pictureField({ page: '/login', width: 390, side: 'after' });
const BEFORE = pictureField({ page: '/login', width: 1280, side: 'before' });

async function sent(rig: SessionRig, fields: Record<string, string>, commit?: string) {
  const taken = await takePictures(rig.paths, { commit: 'c'.repeat(40) });
  using page = await webPage(rig.context());
  return await page.act('pictures', { hash: commit ?? taken.commit, ...fields });
}

const TEXT =
  'Comments on the pictures of commit cccccccc:\n\nOn the picture of /login at 1280 px (before): Keep this.\n\nOn the picture of /login at 390 px (after): Too wide.';

test('comments on pictures of a done session are its new goal, each with its page and width', async () => {
  await using rig = await startRig({ at: 'done' });
  const { text, status } = await sent(rig, { [AFTER]: 'Too wide.', [BEFORE]: 'Keep this.' });
  expect(text).toContain('continues with your comments as its goal.');
  expect(status).toBe(200);
  expect((await rig.state()).goal).toBe(TEXT);
});

test('comments on pictures of a waiting session are a message to the next agent', async () => {
  await using rig = await startRig({ at: 'asking' });
  expect((await sent(rig, { [AFTER]: 'Too wide.', [BEFORE]: 'Keep this.' })).status).toBe(200);
  const { file } = (await rig.events()).find(({ type }) => type === 'message_kept') as { file: string };
  expect(await readFile(join(rig.paths.inbox, file), 'utf8')).toContain(TEXT);
});

test('comments on pictures of another commit are refused, and so is a form without a comment', async () => {
  await using rig = await startRig({ at: 'done' });
  const old = await sent(rig, { [AFTER]: 'Too wide.' }, 'd'.repeat(40));
  expect(old).toMatchObject({ status: 409, text: expect.stringContaining('has changed since') });
  expect(await sent(rig, {})).toMatchObject({
    status: 409,
    text: expect.stringContaining('There is no comment.'),
  });
});

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
