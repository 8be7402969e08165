import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import {
  oddReservations,
  requireFreePorts,
} from '../../../../src/extensions/application/ports/reserve-ports.ts';
import { applicationRunner } from '../../../../src/extensions/application/runner.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const RESERVER = fileURLToPath(new URL('port-reserver.ts', import.meta.url));

async function scene() {
  const dir = await tempDir();
  const live = join(dir.path, 'session.json');
  writeFileSync(live, '{}');
  const folder = join(dir.path, '.config/samocode/ports');
  const owner = (id: string, file = live) => ({ id, while: file, name: `session-${id}` });
  return {
    ...{ path: dir.path, live, owner, runner: applicationRunner(() => dir.path) },
    folder,
    names: () => readdirSync(folder).sort(),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('processes that reserve ports at once never get the same one, even where sessions have gone', async () => {
  await using at = await scene();
  const gone = at.owner('gone', join(at.path, 'gone.json'));
  for (let n = 0; n < 10; n += 1) await at.runner.reserve({ ...gone, id: `gone-${n}` }, ['a', 'b'], 'own');
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
  const own = await at.runner.reserve(at.owner('A'), ['web'], 'own');
  const base = await at.runner.reserve(at.owner('A'), ['web'], 'base');
  expect(base.web).not.toBe(own.web);
  const more = await at.runner.reserve(at.owner('A'), ['web', 'db'], 'own');
  expect(more.web).toBe(own.web);
  const other = await at.runner.reserve(at.owner('B'), ['web'], 'own');
  await at.runner.release({ id: 'A' });
  expect(at.names()).toEqual([String(other.web)]);
});

test('a port is released and reserved again although a process died while it changed the reservation', async () => {
  await using at = await scene();
  const { web } = await at.runner.reserve(at.owner('A'), ['web'], 'own');
  const died = `${spawnSync('true').pid} a 7`;
  const markOf = (text: string) => join(at.folder, `.${web}.${fingerprint(text).slice(0, 16)}`);
  const text = readFileSync(join(at.folder, String(web)), 'utf8');
  writeFileSync(markOf(text), died);
  // The process that came after it died in the same place, and a later one has its number.
  writeFileSync(markOf(died), `${process.pid} b 7`);
  await at.runner.release({ id: 'A' });
  expect(at.names()).toEqual([]);

  await at.runner.reserve(at.owner('A'), ['web'], 'own');
  const own = await (await systemHost()).processes.read(process.pid);
  writeFileSync(markOf(text), `${process.pid} c ${own?.startTicks}`);
  await at.runner.release({ id: 'A' });
  expect(at.names()).toContain(String(web));
});

test('a port with a listener is not reserved, and is refused by the name of its holder', async () => {
  await using at = await scene();
  const { web = 0 } = await at.runner.reserve(at.owner('A'), ['web'], 'own');
  await at.runner.release({ id: 'A' });
  const server = createServer().listen(web, '127.0.0.1');
  await once(server, 'listening');
  try {
    expect((await at.runner.reserve(at.owner('B'), ['web'], 'own')).web).not.toBe(web);
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
  const { web } = await at.runner.reserve(at.owner('A'), ['web'], 'own');
  await at.runner.release({ id: 'A' });
  const path = join(at.folder, String(web));
  lay(path);
  const { web: another } = await at.runner.reserve(at.owner('A'), ['web'], 'own');
  expect(another).not.toBe(web);
  expect(oddReservations(at.folder)).toEqual([path]);
  await at.runner.release({ id: 'A' });
  expect(at.names()).toEqual([String(web)]);
});
