import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { openEgressProxy } from '../../../../src/core/sandbox/egress-proxy.ts';
import { insideGuard } from '../../../../src/core/sandbox/guard/make-guard.ts';
import { guardOf } from '../../../../src/core/sandbox/guard-of.ts';
import { browserInside } from '../../../../src/extensions/application/sandbox/browser-place.ts';
import { openInbound } from '../../../../src/extensions/application/sandbox/inbound.ts';
import { serviceInWorktree } from '../../../../src/extensions/application/sandbox/service-place.ts';
import type { Inside } from '../../../../src/extensions/application/served-place.ts';
import { type GuardScene, makeScene } from '../../../core/guard/guard-scene.ts';
import { USERS } from '../../../core/guard/users.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { freePort } from '../../../support/free-port.ts';

const [USER] = USERS;

/** Answers with its name, and puts a link where its socket is. */
const SERVICE = `
const fs = require('node:fs');
const [name, port, host] = process.argv.slice(2);
require('node:http').createServer(({ url }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const path = searchParams.get('path');
  const acts = {
    '/link': () => {
      const socket = '/run/samocode/in/' + port + '/socket';
      fs.rmSync(socket);
      fs.symlinkSync(path, socket);
      return 'linked';
    },
  };
  try { response.end(acts[pathname]?.() ?? name); } catch (error) { response.writeHead(500).end(error.code); }
}).listen(Number(port), host);
`;

/** Without `fetch`, which connects again and again while connections are closed at once. */
async function ask(port: number, path: string): Promise<string> {
  const { stdout } = await runCommand('curl', ['-s', `http://127.0.0.1:${port}${path}`], {
    cwd: '/',
    env: {},
  });
  return stdout;
}

/** A strict session whose service listens on `host`. */
async function served(host = '127.0.0.1') {
  if (USER === undefined) throw new Error('There is no user.');
  const scene: GuardScene = await makeScene(USER, { title: 'a strict session', strict: {} });
  const { places, tool, env, root } = scene;
  const port = await freePort();
  const folder = join(root, 'net-of-services');
  const [home, tmp, data] = ['home', 'tmp', 'data'].map((name) => join(root, `services-${name}`));
  for (const path of [home, tmp]) await mkdir(path ?? '');
  const part = { home: home ?? '', tmp: tmp ?? '', net: folder, ports: [port] };
  const egress = await openEgressProxy(folder, { hosts: [], ports: [port], env: {} }, () => undefined);
  const inbound = await openInbound(folder, [port]);
  const worktree = env.WORKTREE ?? '';
  await writeFile(join(worktree, 'service.cjs'), SERVICE);
  const insideFor = serviceInWorktree({ tool, places }, { worktree, data: data ?? '', env }, part);
  const [file, ...args] = insideFor?.([port])(['node', 'service.cjs', 'ours', `${port}`, host]) ?? [''];
  const service = spawn(file, args, { cwd: worktree, env, stdio: 'inherit' });
  const ended = once(service, 'exit');
  await eventually(async () => (await ask(port, '/')) === 'ours', { what: 'the service' });
  const run = async (inside: Inside | undefined, script: string) => {
    const [program = '', ...rest] = inside?.(['/bin/sh', '-c', script]) ?? [];
    return (await runCommand(program, rest, { cwd: root, env })).stdout;
  };
  const agent = guardOf(tool, places, part);
  return {
    ...{ scene, port, part },
    inAgent: (script: string) => run((command) => insideGuard(agent, command), script),
    inService: (script: string) => run(insideFor?.([]), script),
    run,
    [Symbol.asyncDispose]: async () => {
      service.kill('SIGKILL');
      await ended;
      await inbound.close();
      await egress.close();
      await scene[Symbol.asyncDispose]();
    },
  };
}

test(
  'agents of two strict sessions reach the service of their session alone, and a browser outside reaches both',
  ci,
  async () => {
    await using one = await served();
    await using other = await served('::1');
    const both = `curl -s http://localhost:${one.port}; echo; curl -s http://localhost:${other.port}; echo`;
    expect([await one.inAgent(both), await other.inAgent(both)]).toEqual(['ours\n\n', '\nours\n']);
    expect(await one.inService(both)).toBe('ours\n\n');
  },
);

test('a link in place of the socket of a service does not lead out of the sandbox', async () => {
  await using one = await served();
  // Outside, the proxy of the session would answer there.
  const target = join(one.part.net, 'proxy');
  expect(await ask(one.port, `/link?path=${encodeURIComponent(target)}`)).toBe('linked');
  expect(await ask(one.port, '/')).toBe('');
  expect(await one.inAgent(`curl -s http://127.0.0.1:${one.port}/`)).toBe('');
});

test('an agent cannot take the place of a service, whose folder it sees', async () => {
  await using one = await served();
  const folder = `/run/samocode/in/${one.port}`;
  expect(await one.inAgent(`rm -f ${folder}/socket; (: >${folder}/x); ls ${folder}`)).toBe('socket\n');
});

test('a browser reaches one port, and neither files of the session nor other ports', async () => {
  await using one = await served();
  const page = http.createServer((_, response) => response.end('our page')).listen(0, '127.0.0.1');
  await once(page, 'listening');
  const other = (page.address() as AddressInfo).port;
  const inside = browserInside(one.scene, { ...one.part, shown: [], open: [] });
  const { MAIN, WORKTREE } = one.scene.env;
  const asks = [`http://localhost:${one.port}/`, `http://127.0.0.1:${other}/`, 'http://169.254.169.254/'];
  const files = [`ls ${MAIN}`, `ls -A ${MAIN}/.git`, `ls -A ${WORKTREE}`];
  const script = [...asks.map((url) => `curl -sf --max-time 5 ${url}; echo`), ...files].join('; ');
  expect(await one.run(inside, script)).toBe('ours\n\n\n');
  page.close();
});
