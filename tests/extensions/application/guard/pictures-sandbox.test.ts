import { mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { runPicturesJob } from '../../../../src/extensions/application/pictures/run-job.ts';
import { makeScene } from '../../../core/guard/guard-scene.ts';
import { USERS } from '../../../core/guard/users.ts';
import { ci } from '../../../support/ci.ts';
import { installCli } from '../../../support/install-clis.ts';

/** Opens addresses in place of the program for pictures, without its filter of requests. */
const UNFILTERED = `
const { playwright, chromium, pages } = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
async function main() {
  const options = { executablePath: chromium, chromiumSandbox: false };
  const browser = await require(playwright + '/index.js').chromium.launch(options);
  const page = await browser.newPage();
  const seen = [];
  for (const url of pages) {
    const opening = page.goto(url, { timeout: 20000 }).then(() => page.textContent('body'));
    seen.push(await opening.catch((error) => /net::ERR_\\w+|Timeout/.exec(error.message)?.[0] ?? error.message));
  }
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
}
void main();
`;

async function serve(text: string) {
  const asked: string[] = [];
  const server = http.createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ asked, port },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test(
  'without its filter of requests too, the browser reaches the one port, and no other server, file of the user or address',
  ci,
  async () => {
    const [user] = USERS;
    if (user === undefined) throw new Error('There is no user.');
    await using scene = await makeScene(user, { title: 'pictures', strict: {} });
    await using web = await serve('the application');
    await using other = await serve('another server');
    const { MAIN = '', SESSION = '', HOME = '' } = scene.env;
    const hidden = [`${MAIN}/secret.txt`, `${SESSION}/secret.txt`, `${HOME}/secret.txt`];
    for (const path of hidden) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'a secret');
    }
    const programs = join(scene.root, 'programs');
    await mkdir(programs);
    await writeFile(join(programs, 'pictures.cjs'), UNFILTERED);
    const playwright = dirname((await installCli('playwright')).path);
    const origin = `http://localhost:${web.port}`;
    const into = join(scene.root, 'into');
    const servers = ['127.0.0.1', 'localhost'].map((name) => `http://${name}:${other.port}/`);
    const files = hidden.map((path) => pathToFileURL(path).href);
    const refused = [...servers, ...files, 'http://169.254.169.254/latest'];
    const program = { mode: 'take', playwright, chromium: '/usr/bin/chromium', origin, into } as const;
    const seen = await runPicturesJob(
      { ...program, pages: [origin, ...refused] },
      z.array(z.string()),
      { into, shown: [programs, playwright], port: web.port },
      {
        now: { tool: scene.tool, places: scene.places },
        ...{ programs, scratch: join(scene.root, 'scratch'), signal: new AbortController().signal },
        ...{ env: { PATH: process.env.PATH ?? '' }, timeoutMs: 240_000 },
      },
    );
    const [own, ...others] = seen;
    expect(own).toBe('the application');
    expect(others).toEqual(refused.map(() => expect.stringMatching(/^net::ERR_/)));
    expect(other.asked).toEqual([]);

    // Outside of the sandbox, the same program reaches them.
    const job = join(scene.root, 'outside.json');
    await writeFile(job, JSON.stringify({ ...program, pages: [...servers, ...files] }));
    const { stdout } = await runCommand(process.execPath, [join(programs, 'pictures.cjs'), job], {
      cwd: scene.root,
    });
    const outside = [...servers.map(() => 'another server'), ...files.map(() => 'a secret')];
    expect(JSON.parse(stdout)).toEqual(outside);
  },
);
