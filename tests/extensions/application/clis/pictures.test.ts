import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ComparedPairs,
  type PicturesJob,
  TakenPages,
} from '../../../../src/extensions/application/pictures/job.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { installCli } from '../../../support/install-clis.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(answer: Answer): Promise<AsyncDisposable & { origin: string; asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function html(body: string): Answer {
  return (_, response) => response.setHeader('content-type', 'text/html').end(`<!doctype html>${body}`);
}

let dir: TempDir;
beforeAll(async () => {
  dir = await tempDir();
});
afterAll(async () => {
  await dir[Symbol.asyncDispose]();
});

async function run(name: string, job: PicturesJob): Promise<unknown> {
  const path = join(dir.path, `${name}.json`);
  await writeFile(path, JSON.stringify(job));
  const program = join(dirname((await builtPrograms()).worker), 'pictures.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, path]);
  return JSON.parse(stdout);
}

async function take(name: string, origin: string, pages: readonly string[] = ['/']) {
  const into = join(dir.path, name);
  await mkdir(into);
  const playwright = dirname((await installCli('playwright')).path);
  const job = { mode: 'take', playwright, chromium: '/usr/bin/chromium', origin, pages, into } as const;
  const taken = TakenPages.parse(await run(name, job));
  return taken.map((each) => ({ ...each, path: join(into, each.file ?? '') }));
}

/** A page of the base, twice, and of the commit, at the first width. */
async function compare(name: string, base: Answer, commit: Answer) {
  const pictures = [base, base, commit].map(async (answer, at) => {
    await using server = await serve(answer);
    const [first] = await take(`${name}-${at}`, server.origin);
    return first?.path ?? '';
  });
  const [before = '', again = '', after = ''] = await Promise.all(pictures);
  const into = join(dir.path, `${name}-difference.png`);
  const pairs = [{ before, again, after, into }];
  const [result] = ComparedPairs.parse(await run(`${name}-compared`, { mode: 'compare', pairs }));
  const read = async (path: string) => PNG.sync.read(await readFile(path));
  return { ...result, before: await read(before), after: await read(after), difference: await read(into) };
}

const BUTTON = (colour: string) =>
  html(
    `<button style="all:unset;position:absolute;left:10px;top:20px;width:100px;height:40px;background:${colour}">`,
  );

function colourAt({ data, width }: PNG, x: number, y: number): number[] {
  const at = (y * width + x) * 4;
  return [...data.subarray(at, at + 3)];
}

test('a button of another colour is in both pictures and in the difference', async () => {
  const { before, after, difference, ...result } = await compare(
    'button',
    BUTTON('#008000'),
    BUTTON('#c00000'),
  );
  expect(colourAt(before, 50, 40)).toEqual([0, 128, 0]);
  expect(colourAt(after, 50, 40)).toEqual([192, 0, 0]);
  expect(result).toEqual({ differing: 4000, masked: 0, all: 1280 * 900 });
  expect(colourAt(difference, 50, 40)).not.toEqual(colourAt(difference, 200, 40));
});

test('each page is opened at the same moment, and what changes with each load is masked', async () => {
  let loads = 0;
  const page: Answer = (request, response) => {
    loads += 1;
    const clock = '<p id=c></p><script>c.textContent = new Date() + " " + Date.now()</script>';
    html(`${clock}<p style="margin-top:200px">Load ${loads * 7919}</p>`)(request, response);
  };
  const { differing, masked } = await compare('clock', page, page);
  expect(differing).toBe(0);
  expect(masked).toBeGreaterThan(0);
  // The line of loads alone.
  expect(masked).toBeLessThan(1280 * 60);
});

/** Prices below the first window, 100 by 40 pixels each, and the script that shows them. */
const PRICES: readonly (readonly [what: string, script: string])[] = [
  ['in plain sight', ''],
  [
    'that appears once it is scrolled to',
    'hide(); new IntersectionObserver(([at], it) => { if (at.isIntersecting) { show(); it.disconnect(); } }).observe(box.parentNode)',
  ],
  [
    'that is shown only while it is in the window',
    'new IntersectionObserver(([at]) => (at.isIntersecting ? show() : hide())).observe(box.parentNode)',
  ],
  [
    'in an image that loads late',
    `box.innerHTML = '<img loading=lazy src="/' + COLOUR.slice(1) + '.svg">'; box.style.background = 'none'`,
  ],
  ['that waits for a timer', 'hide(); setTimeout(show, 4000)'],
  [
    'that waits for frames and two clocks',
    'hide(); const [a, b] = [Date.now(), performance.now()]; (function draw() { if (Date.now() - a > 2000 && performance.now() - b > 2000) show(); else requestAnimationFrame(draw); })()',
  ],
  [
    'that waits for the end of scrolling',
    'hide(); let later; addEventListener("scroll", () => { clearTimeout(later); if (scrollY > 1000) later = setTimeout(show, 150); })',
  ],
];

/** Shows its prices far below a part of this height. */
const shop =
  (above: string, colour: string): Answer =>
  (request, response) => {
    const [, named] = /^\/(\w+)\.svg$/.exec(request.url ?? '') ?? [];
    if (named !== undefined) {
      const image = `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40"><rect width="100" height="40" fill="#${named}"/></svg>`;
      response.setHeader('content-type', 'image/svg+xml').end(image);
      return;
    }
    const boxes = PRICES.map(
      (
        [, script],
        at,
      ) => `<div style="position:absolute;left:${at * 150}px;width:100px;height:40px"><div style="height:40px;background:${colour}"></div></div>
<script>{ const COLOUR = '${colour}'; const box = document.currentScript.previousElementSibling.firstChild; const show = () => (box.style.opacity = 1); const hide = () => (box.style.opacity = 0); ${script} }</script>`,
    );
    const body = `<div style="height:${above}"></div><div style="height:5100px"></div><div style="height:300px">${boxes.join('')}</div>`;
    html(`<style>body { margin: 0 }</style>${body}`)(request, response);
  };

const BLUE = [0, 0, 192];
const RED = [192, 0, 0];

test(
  'prices below the window change from blue to red in the pictures, however a page shows them',
  ci,
  async () => {
    const { masked, before, after } = await compare(
      'shop',
      shop('900px', '#0000c0'),
      shop('900px', '#c00000'),
    );
    const seen = (png: PNG) => PRICES.map(([what], at) => [what, colourAt(png, at * 150 + 50, 6020)]);
    expect(seen(before)).toEqual(PRICES.map(([what]) => [what, BLUE]));
    expect(seen(after)).toEqual(PRICES.map(([what]) => [what, RED]));
    expect(masked).toBe(0);
  },
);

test('below a part as tall as the window all prices are seen but one that hides outside of it', async () => {
  await using server = await serve(shop('100vh', '#c00000'));
  const [first] = await take('tall-part', server.origin);
  const png = PNG.sync.read(await readFile(first?.path ?? ''));
  const seen = PRICES.filter((_, at) => colourAt(png, at * 150 + 50, 6020).join() === RED.join());
  expect(png.height).toBe(6300);
  expect(seen).toEqual(PRICES.filter(([what]) => what !== 'that is shown only while it is in the window'));
});

test('the time of a page moves, and is the same in each picture', async () => {
  const page = html(
    `<p id=c></p><script>let n = 0; const say = () => c.textContent = [n, new Date().toISOString(), Math.round(performance.now() / 1000)].join(); say(); setInterval(() => { n += 1; say(); }, 1000)</script>`,
  );
  expect(await compare('moves', page, html('<p>10,2026-01-15T12:00:10.000Z,10</p>'))).toMatchObject({
    differing: 0,
    masked: 0,
  });
});

test('a page that has grown is compared with the shorter one', async () => {
  const tall = (px: number) => html(`<div style="height:${px}px"></div><b>The end of the page</b>`);
  const { before, after, difference, differing } = await compare('grown', tall(1000), tall(1500));
  expect(before.height).toBeLessThan(after.height);
  expect(difference.height).toBe(after.height);
  expect(differing).toBeGreaterThan(0);
});

test('pictures are taken at both widths, of at most 10,000 pixels', async () => {
  await using server = await serve(html('<div style="height:12000px">'));
  const taken = await take('tall', server.origin);
  expect(taken.map(({ width, said }) => [width, said])).toEqual([
    [1280, expect.stringMatching(/^only its upper 10000 of 120\d\d pixels are shown$/)],
    [390, expect.stringMatching(/^only its upper 10000 of 120\d\d pixels are shown$/)],
  ]);
  const sizes = await Promise.all(taken.map(async ({ path }) => PNG.sync.read(await readFile(path))));
  expect(sizes.map(({ width, height }) => [width, height])).toEqual([
    [1280, 10_000],
    [390, 10_000],
  ]);
});

test('a page that redirects to its login or fails is shown, with a sentence', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/account') response.writeHead(302, { location: '/login' }).end();
    else if (request.url === '/list') response.writeHead(302, { location: '/?login=1' }).end();
    else if (request.url === '/app') html('<script>location.hash = "/login"</script>')(request, response);
    else if (request.url === '/broken') response.writeHead(500).end('broken');
    else html('<p>Log in')(request, response);
  });
  const taken = await take('login', server.origin, ['/account', '/list', '/app', '/broken']);
  const redirects = ['/login', '/?login=1', '/app#/login'].map((to) => `it redirects to ${to}`);
  const said = [...redirects, 'its status is 500'];
  expect(taken.map((each) => each.said)).toEqual(said.flatMap((each) => [each, each]));
  expect(taken.every(({ file }) => file !== undefined)).toBe(true);
});

test('a page whose script runs without end, whose fonts never load or that hides its height does not stop the others', async () => {
  const scripts: Record<string, string> = {
    '/endless': 'setTimeout(() => { for (;;); }, 1000)',
    '/fonts': "Object.defineProperty(document, 'fonts', { value: { ready: new Promise(() => {}) } })",
    '/height': "Object.defineProperty(document.documentElement, 'scrollHeight', { value: 'tall' })",
  };
  await using server = await serve((request, response) =>
    html(`<p>text<script>${scripts[request.url ?? ''] ?? ''}</script>`)(request, response),
  );
  const taken = await take('stopped', server.origin, [...Object.keys(scripts), '/']);
  const late = 'it could not be drawn within 30 s';
  const said = [late, undefined, undefined, undefined].flatMap((each) => [each, each]);
  expect(taken.map((each) => each.said)).toEqual(said);
  expect(taken.map(({ file }) => file === undefined)).toEqual(said.map((each) => each === late));
});

test('no page follows a redirect to another server, and none reaches one, a file or the network', async () => {
  await using other = await serve(html('<p>elsewhere'));
  const targets = ['file:///etc/hostname', other.origin, 'http://169.254.169.254/latest'];
  await using server = await serve((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: `${other.origin}/secret` }).end();
    else if (request.url === '/inner') response.writeHead(302, { location: `${other.origin}/inner` }).end();
    else if (request.url === '/tries') {
      const tries = targets.map((url) => `fetch('${url}', { mode: 'no-cors' }).catch(() => 0)`);
      const frames = [...targets, '/inner'].map((url) => `<iframe src="${url}"></iframe><img src="${url}">`);
      html(`<p>tries${frames.join('')}<script>${tries.join(';')}</script>`)(request, response);
    } else response.writeHead(404).end();
  });
  const taken = await take('elsewhere', server.origin, ['/away', '/tries']);
  expect(taken.map(({ page, said, file }) => [page, said, file !== undefined])).toEqual([
    ['/away', `it redirects to ${other.origin}, which was not opened`, false],
    ['/away', `it redirects to ${other.origin}, which was not opened`, false],
    ['/tries', undefined, true],
    ['/tries', undefined, true],
  ]);
  expect(other.asked).toEqual([]);
});
