import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { beforeAll, expect, test } from 'vitest';
import { builtPrograms } from '../../../support/built-programs.ts';
import { button, installPlaywright, PICTURED, picturesOf, withPage } from './pictured-session.ts';

beforeAll(async () => {
  await installPlaywright((await builtPrograms()).worker);
});

test.each(['guard', 'strict'] as const)(
  'in %s a button that changes its colour is in the pictures before and after and in the difference, and another server gets no request',
  async (sandbox) => {
    const asked: string[] = [];
    const other = http.createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const targets = ['file:///etc/hostname', `http://127.0.0.1:${port}/x`, 'http://169.254.169.254/latest'];
    const tries = targets.map(
      (url) => `<img src="${url}"><script>fetch('${url}', {mode: 'no-cors'}); open('${url}')</script>`,
    );
    await using rig = await withPage(`${button('#c00000')}${tries.join('')}`, { sandbox });
    const pictures = await picturesOf(rig);
    other.close();
    expect(asked).toEqual([]);
    expect(pictures.said).toBeUndefined();
    expect(pictures.uiFiles).toEqual(['index.html']);
    expect(pictures.pages.map(({ page, width }) => [page, width])).toEqual([
      ['/', 1280],
      ['/', 390],
    ]);
    const [wide = expect.fail()] = pictures.pages;
    expect(wide.differing).toBeGreaterThanOrEqual(4000);
    const colours = [wide.before, wide.after].map(async (picture) => {
      const path = join(rig.paths.runDir, picture?.file ?? '');
      const { data, width } = PNG.sync.read(await readFile(path));
      return [...data.subarray((40 * width + 50) * 4, (40 * width + 50) * 4 + 3)];
    });
    expect(await Promise.all(colours)).toEqual([
      [0, 128, 0],
      [192, 0, 0],
    ]);
    expect(wide.difference).toMatchObject({ width: 1280, height: 900 });
  },
);

/** Redirects the second picture of the base elsewhere; `/steady` stays, and `/random` has another colour each time. */
const UNSTEADY = `import http from 'node:http';
const asked = { '/': 0 };
http.createServer(({ url }, response) => {
  asked[url] = (asked[url] ?? 0) + 1;
  if (asked['/'] === 3 && url === '/') return response.writeHead(302, { location: 'http://localhost:1/' }).end();
  const colour = url === '/random' ? '#00' + String(asked[url] * 1000) : 'white';
  response.setHeader('content-type', 'text/html').end('<!doctype html><body bgcolor="' + colour + '">');
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

test('a page without a second picture of the base and one that differs there all over are not compared, and the proof says so of them', async () => {
  await using rig = await withPage(button('#c00000'), {
    lines: { ...PICTURED.lines, PAGES: '/,/random,/steady' },
    repo: { files: { 'web.mjs': UNSTEADY } },
  });
  const pictures = await picturesOf(rig);
  expect(pictures.said).toBeUndefined();
  const elsewhere = 'before the work, it redirects to http://localhost:1, which was not opened';
  const all = '100 % of it was not compared, because it differs between two pictures of the base';
  expect(pictures.pages.map(({ page, differing, said }) => [page, differing, said])).toEqual([
    ['/', undefined, elsewhere],
    ['/', 0, undefined],
    ['/random', undefined, all],
    ['/random', undefined, all],
    ['/steady', 0, undefined],
    ['/steady', 0, undefined],
  ]);
});

test('a session without a sandbox is proven, and says why there are no pictures', async () => {
  await using rig = await withPage(button('#c00000'), { sandbox: 'off' });
  expect((await picturesOf(rig)).said).toContain('the sandbox of bubblewrap');
});
