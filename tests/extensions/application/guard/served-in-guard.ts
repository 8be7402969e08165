import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { Application } from '../../../../src/core/kernel/phases/application.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { openEgressProxy } from '../../../../src/core/sandbox/egress-proxy.ts';
import { insideGuard } from '../../../../src/core/sandbox/guard/make-guard.ts';
import { guardOf } from '../../../../src/core/sandbox/guard-of.ts';
import {
  portsFolder,
  releasePorts,
  reservePorts,
} from '../../../../src/extensions/application/ports/reserve-ports.ts';
import { serviceInWorktree } from '../../../../src/extensions/application/sandbox/service-place.ts';
import type { ServedPlace } from '../../../../src/extensions/application/served-place.ts';
import { startServices } from '../../../../src/extensions/application/services/run-services.ts';
import { makeScene } from '../../../core/guard/guard-scene.ts';
import { USERS } from '../../../core/guard/users.ts';
import { processesOf } from '../../../support/live-session.ts';

export const LEVELS = ['guard', 'strict'] as const;

/**
 * Says its name, or what the server on another port says, or what is in a file. With `fork` a child in another process
 * session listens, and further children end and begin all the time.
 */
const SERVER = `
const fs = require('node:fs');
const { spawn } = require('node:child_process');
const [name, port, host, how] = process.argv.slice(2);
if (how === 'fork') {
  spawn(process.execPath, [__filename, name, port, host], { stdio: 'inherit', detached: true });
  setInterval(() => spawn('true'), 5);
} else require('node:http').createServer(async ({ url }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const asked = searchParams.get('of');
  const acts = {
    '/ask': async () => name + ' with ' + await (await fetch('http://localhost:' + asked)).text(),
    '/write': () => (fs.writeFileSync(asked, 'x'), 'written'),
    '/read': () => fs.statSync(asked).isDirectory() ? fs.readdirSync(asked).join() : fs.readFileSync(asked, 'utf8'),
  };
  try { response.end(await acts[pathname]?.() ?? name); } catch (error) { response.writeHead(500).end(error.code); }
}).listen(Number(port), host);
`;

type Lines = Partial<Omit<Application, 'services'>> & { services: Record<string, string> };

/** Services of a session in a guard, with `server.cjs` in its worktree. `home` has the reservations of ports. */
export async function servedInGuard(
  level: (typeof LEVELS)[number],
  { services, home: portsHome, ...lines }: Lines & { home?: string },
) {
  const [user] = USERS;
  if (user === undefined) throw new Error('There is no user.');
  const scene = await makeScene(user, { title: level, ...(level === 'strict' && { strict: {} }) });
  const { places, tool, root } = scene;
  const { WORKTREE = '' } = scene.env;
  const id = `test-${process.pid}-${root.slice(-6)}`;
  const mark = { name: 'SAMOCODE_SESSION', value: `${id}-services` };
  const env = { ...scene.env, [mark.name]: mark.value };
  const [home, tmp, data, net] = ['home', 'tmp', 'data', 'net'].map((name) => join(root, 'served', name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const path of [home, tmp]) await mkdir(path, { recursive: true });
  await writeFile(join(root, 'session.json'), '{}');
  await writeFile(join(WORKTREE, 'server.cjs'), SERVER);
  const folder = portsFolder(portsHome ?? root);
  const tools = { clock: systemClock, host: await systemHost() };
  const owner = { id, while: join(root, 'session.json'), name: id };
  const names = Object.keys(services).filter((name) => name !== 'worker');
  const ports = await reservePorts(folder, { owner, names, set: 'own' }, tools);
  const numbers = Object.values(ports);
  const egress =
    level === 'strict'
      ? await openEgressProxy(net, { hosts: [], ports: numbers, env: {} }, () => undefined)
      : undefined;
  const part = { home, tmp, ...(egress && { net, ports: numbers }) };
  const insideFor = serviceInWorktree({ tool, places }, { worktree: WORKTREE, data, env }, part);
  if (insideFor === undefined) throw new Error('There is no guard.');
  const application: Application = {
    ...{ ports: names, ready: {}, env: {}, in: [], pages: [] },
    ...lines,
    services: Object.entries(services).map(([name, command]) => ({ name, command })),
  };
  const place: ServedPlace = {
    ...{ application, cwd: WORKTREE, env, ports, data, mark, insideFor },
    ...{ outputDir: join(root, 'services'), outputRoot: root },
    ...(egress && { net }),
  };
  const agent = guardOf(tool, places, part);
  return {
    ...{ scene, place, ports },
    start: () => startServices(place, { ...tools, signal: new AbortController().signal }),
    left: () => processesOf(tools.host, mark.value),
    async inAgent(script: string) {
      const [file, ...args] = insideGuard(agent, ['/bin/sh', '-c', script]);
      return (await runCommand(file, args, { cwd: root, env: scene.env })).stdout;
    },
    [Symbol.asyncDispose]: async () => {
      await egress?.close();
      await releasePorts(folder, owner, tools);
      await scene[Symbol.asyncDispose]();
    },
  };
}

/** Outside of all guards, as a person's browser. */
export async function ask(port: number | undefined, path = ''): Promise<string> {
  const url = `http://127.0.0.1:${port}/${path}`;
  return (await runCommand('curl', ['-s', url], { cwd: '/', env: {} })).stdout;
}
