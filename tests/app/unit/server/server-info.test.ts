import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ICON_SVG } from '../../../../src/app/server/server-info.ts';
import { makeServerRig } from './server-rig.ts';

test('the server describes itself for people, with an icon that needs no network', async () => {
  await using serverRig = await makeServerRig({ bare: true });
  const info = serverRig.client.getServerVersion();
  expect(info).toMatchObject({ name: 'samocode', title: 'Samocode' });
  expect(info?.description).toMatch(/^[A-Z].{40,160}\.$/);
  const [icon] = info?.icons ?? [];
  expect(icon).toMatchObject({ mimeType: 'image/svg+xml', sizes: ['any'] });
  const [, base64 = ''] = icon?.src.split('data:image/svg+xml;base64,') ?? [];
  expect(Buffer.from(base64, 'base64').toString()).toBe(ICON_SVG);
  expect(ICON_SVG).not.toMatch(/<script|href|onload|url\(/);
  // Every client gets it at the start of every chat.
  expect(base64.length).toBeLessThan(1200);
});

test('the icon of the Claude Desktop bundle is a PNG of the required size', async () => {
  const png = await readFile('packages/desktop/icon.png');
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([512, 512]);
  expect(png.length).toBeLessThan(40_000);
});
