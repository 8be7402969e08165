import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { PortOwner } from '../../../../src/core/sandbox/application-runner.ts';
import {
  oddReservations,
  portsFolder,
  releasePorts,
  requireFreePorts,
  reservePorts,
} from '../../../../src/extensions/application/ports/reserve-ports.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const RESERVER = fileURLToPath(new URL('port-reserver.ts', import.meta.url));

async function scene() {
  const dir = await tempDir();
  const live = join(dir.path, 'session.json');
  writeFileSync(live, '{}');
  const folder = portsFolder(dir.path);
  const tools = { clock: systemClock, host: await systemHost() };
  const owner = (id: string, file = live) => ({ id, while: file, name: `session-${id}` });
  return {
    ...{ path: dir.path, live, owner, folder, tools },
    reserve: (of: PortOwner, names: readonly string[], set: 'own' | 'base' = 'own') =>
      reservePorts(folder, { owner: of, names, set }, tools),
    release: (id: string) => releasePorts(folder, { id }, tools),
    names: () =>
      readdirSync(folder)
        .filter((name) => name !== 'turn')
        .sort(),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('processes that reserve ports at once never get the same one, even where sessions have gone', async () => {
  await using at = await scene();
  const gone = at.owner('gone', join(at.path, 'gone.json'));
  for (let n = 0; n < 10; n += 1) await at.reserve({ ...gone, id: `gone-${n}` }, ['a', 'b']);
  const reserve = (id: string) =>
    runCommand(process.execPath, ['--import', 'tsx', RESERVER, at.path, id, at.live], { cwd: process.cwd() });
  const ends = await Promise.all(Array.from({ length: 20 }, (_, n) => reserve(`new-${n}`)));
  expect(ends.map(({ stderr }) => stderr).filter(Boolean)).toEqual([]);
  const ports = ends.flatMap(({ stdout }): number[] => JSON.parse(stdout));
  expect(new Set(ports).size).toBe(40);
  expect(at.names().filter((name) => !/^\d+$/.test(name))).toEqual([]);
});

test('an owner keeps its ports, has others for the base, and releases all of them', async () => {
  await using at = await scene();
  const own = await at.reserve(at.owner('A'), ['web']);
  const base = await at.reserve(at.owner('A'), ['web'], 'base');
  expect(base.web).not.toBe(own.web);
  const more = await at.reserve(at.owner('A'), ['web', 'db']);
  expect(more.web).toBe(own.web);
  const other = await at.reserve(at.owner('B'), ['web']);
  await at.release('A');
  expect(at.names()).toEqual([String(other.web)]);
});

test('a port is released and reserved again although a process died while it changed the reservation', async () => {
  await using at = await scene();
  const { web } = await at.reserve(at.owner('A'), ['web']);
  await acquireLease(join(at.folder, 'turn'), at.tools);
  const [turn = ''] = readdirSync(join(at.folder, 'turn'));
  const text = readFileSync(join(at.folder, 'turn', turn), 'utf8');
  const died = text.replace(`"pid":${process.pid}`, `"pid":${spawnSync('true').pid}`);
  expect(died).not.toBe(text);
  writeFileSync(join(at.folder, 'turn', turn), died);
  await at.release('A');
  expect(at.names()).toEqual([]);

  await at.reserve(at.owner('A'), ['web']);
  await using _turn = await acquireLease(join(at.folder, 'turn'), at.tools);
  let nowMs = 0;
  const clock = { ...systemClock, monotonic: () => (nowMs += 3000), sleep: async () => undefined };
  await releasePorts(at.folder, { id: 'A' }, { ...at.tools, clock });
  expect(at.names()).toEqual([String(web)]);
});

test('a port with a listener is not reserved, and is refused by the name of its holder', async () => {
  await using at = await scene();
  const { web = 0 } = await at.reserve(at.owner('A'), ['web']);
  await at.release('A');
  const server = createServer().listen(web, '127.0.0.1');
  await once(server, 'listening');
  try {
    expect((await at.reserve(at.owner('B'), ['web'])).web).not.toBe(web);
    const refused = requireFreePorts({ web }, await systemHost());
    await expect(refused).rejects.toMatchObject({
      code: 'port_taken',
      args: { name: 'web', port: web, pid: process.pid },
    });
  } finally {
    server.close();
  }
});

test.each([
  ['a folder', (path: string) => mkdirSync(path)],
  ['a link that leads nowhere', (path: string) => symlinkSync('none', path)],
  ['a link to a file', (path: string) => symlinkSync(import.meta.filename, path)],
  ['a pipe', (path: string) => spawnSync('mkfifo', [path])],
])('a port in whose place is %s is left out and named, and every other is reserved', async (_, lay) => {
  await using at = await scene();
  const { web } = await at.reserve(at.owner('A'), ['web']);
  await at.release('A');
  const path = join(at.folder, String(web));
  lay(path);
  const { web: another } = await at.reserve(at.owner('A'), ['web']);
  expect(another).not.toBe(web);
  expect(oddReservations(at.folder)).toEqual([path]);
  await at.release('A');
  expect(at.names()).toEqual([String(web)]);
});
