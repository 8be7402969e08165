import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import type { Application } from '../../../../src/core/kernel/phases/application.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { isWriterOf, ServicesNow } from '../../../../src/core/session/folder/services-now.ts';
import { isFree } from '../../../../src/extensions/application/ports/listeners.ts';
import {
  portsFolder,
  releasePorts,
  reservePorts,
} from '../../../../src/extensions/application/ports/reserve-ports.ts';
import { startServices } from '../../../../src/extensions/application/services/run-services.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const NAME = 'SAMOCODE_SESSION';

/** Two minutes pass in a few seconds; waits last as long as they do. */
const fastClock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 40 };

type Lines = Partial<Omit<Application, 'services'>> & {
  services: Record<string, string>;
  /** The name of the folder of the data. */
  data?: string;
  /** The folder of the sockets of a strict sandbox. */
  net?: string;
};
interface Row {
  name: string;
  state: string;
}

async function served({ services, data: ofData = 'data', net, ...lines }: Lines, clock: Clock = systemClock) {
  const dir = await tempDir();
  const { path } = dir;
  writeFileSync(join(path, 'session.json'), '{}');
  const id = `test-${process.pid}-${path.slice(-6)}`;
  const mark = { name: NAME, value: `${id}-services` };
  const owner = { id, while: join(path, 'session.json'), name: id };
  const names = Object.keys(services).filter((name) => name !== 'worker');
  const { ...host } = await systemHost();
  const folder = portsFolder(path);
  const tools = { clock: systemClock, host };
  const ports = await reservePorts(folder, { owner, names, set: 'own' }, tools);
  const application: Application = {
    ...{ ports: names, ready: {}, env: {}, in: [], pages: [] },
    ...lines,
    services: Object.entries(services).map(([name, command]) => ({ name, command })),
  };
  const abort = new AbortController();
  const data = join(path, ofData);
  const place = {
    ...{ application, cwd: path, ports, data, mark, net: net && join(path, net) },
    env: { PATH: process.env.PATH ?? '', [NAME]: mark.value, PORT_WEB: String(ports.web) },
    ...{ outputDir: join(path, 'services'), outputRoot: path },
  };
  const start = () => startServices(place, { clock, host, signal: abort.signal });
  const left = async () => {
    const all = await host.processes.list();
    const values = await Promise.all(all.map(({ pid }) => host.processes.environmentOf(pid, NAME)));
    return all.filter((_, at) => values[at] === mark.value);
  };
  const now = async () => JSON.parse(await readFile(join(path, 'services/now.json'), 'utf8'));
  const dispose = async () => {
    await releasePorts(folder, owner, tools);
    await dir[Symbol.asyncDispose]();
  };
  return { path, ports, data, host, start, left, now, abort, [Symbol.asyncDispose]: dispose };
}

const serve = (rest = '') =>
  `node -e 'require("http").createServer((_, a) => a.end("hello")).listen(process.env.PORT_WEB, "127.0.0.1");${rest}'`;

test('services start in their order, then INIT runs, and all of them end', ci, async () => {
  await using at = await served({
    services: { db: 'echo up >{data}/db; sleep 600', web: `test -f {data}/db || exit 9; ${serve()}` },
    ready: { db: 'test -f {data}/db' },
    init: 'cat {data}/db >{data}/init',
  });
  const running = await at.start();
  expect(running.failures).toEqual([]);
  expect(await (await fetch(`http://127.0.0.1:${at.ports.web}`)).text()).toBe('hello');
  expect(await readFile(join(at.path, 'data/init'), 'utf8')).toBe('up\n');
  expect((await at.now()).url).toBe(`http://localhost:${at.ports.web}`);
  await running.end();
  await running.end();
  expect(await at.left()).toEqual([]);
  const states = (await at.now()).services.map(({ state }: Row) => state);
  expect(states).toEqual(['ended', 'ended', 'ended']);
});

test('services are ready once INIT has ended, and not from the moment they are to restart', async () => {
  await using at = await served({
    services: { worker: 'sleep 600' },
    init: 'touch {data}/began; while ! test -f {data}/go; do sleep 0.1; done',
  });
  const states = async () => (await at.now()).services.map(({ name, state }: Row) => `${name} ${state}`);
  const started = at.start();
  await eventually(async () => existsSync(join(at.path, 'data/began')));
  expect(await states()).toEqual(['worker ready', 'init starting']);
  writeFileSync(join(at.path, 'data/go'), '');
  const running = await started;
  expect(await states()).toEqual(['worker ready', 'init ready']);
  running.willRestart();
  expect(await states()).toEqual(['worker starting', 'init starting']);
  await running.end();
});

test('the folder of the data is one word for the shell, whatever is in its path', async () => {
  const line = `touch {data}/a "{data}/b" '{data}/c'; exec sleep 600`;
  await using at = await served({ services: { worker: line }, data: `it's "$HOME" \\ here` });
  const running = await at.start();
  expect(running.failures).toEqual([]);
  expect(readdirSync(at.data).sort()).toEqual(['a', 'b', 'c']);
  await running.end();
});

test('no service stays when a later one cannot be started', async () => {
  await using at = await served({ services: { worker: 'sleep 600', 'no/folder': 'true' } });
  mkdirSync(join(at.path, 'services'));
  writeFileSync(join(at.path, 'services/no'), '');
  await expect(at.start()).rejects.toThrow('services/no');
  expect(await at.left()).toEqual([]);
  expect((await at.now()).services).toMatchObject([{ state: 'failed' }, { state: 'failed' }]);
});

test('services with a port that another program holds do not start, and are noted as failed', async () => {
  await using at = await served({ services: { web: 'sleep 600' } });
  const other = createServer().listen(at.ports.web, '127.0.0.1');
  await once(other, 'listening');
  try {
    await expect(at.start()).rejects.toMatchObject({ code: 'port_taken' });
    const said = expect.stringContaining(`port ${at.ports.web} (web) is in use`);
    expect((await at.now()).services).toMatchObject([{ name: 'web', state: 'failed', said }]);
  } finally {
    other.close();
  }
});

test.each<[string, Lines, string]>([
  ['that ends at once', { services: { web: 'echo no >&2; exit 3' } }, 'exit status 3'],
  ['that goes to the background', { services: { web: 'echo no; sleep 600 &' } }, 'stay in the foreground'],
  ['that does not listen', { services: { web: 'echo no; sleep 600' } }, 'none of its processes listens'],
  [
    'whose READY line fails',
    { services: { web: 'echo no; sleep 600' }, ready: { web: 'false' } },
    'READY_WEB did not succeed',
  ],
  ['whose program is missing', { services: { web: 'echo no; mytool' } }, 'cannot find "mytool"'],
  [
    'before an INIT that fails',
    { services: { worker: 'sleep 600' }, init: 'echo no; exit 4' },
    'exit status 4',
  ],
])('a service %s is a failed run with its last lines', async (_, lines, how) => {
  await using at = await served(lines, fastClock);
  const running = await at.start();
  await running.end();
  const [failed] = running.failures;
  expect(failed?.run).toMatchObject({ isSetup: true, how: expect.stringContaining(how) });
  expect(failed?.failure?.lastLines).toContain('no');
  expect(await at.left()).toEqual([]);
});

test('a service that ends with its input runs until it is ended', async () => {
  await using at = await served({ services: { worker: 'cat' } });
  const running = await at.start();
  expect(running.failures).toEqual([]);
  await running.end();
  expect(await at.left()).toEqual([]);
});

test('the sentence for people has the last line of a service that failed', async () => {
  await using at = await served({
    services: { web: 'echo first; echo "a server is already running" >&2; exit 1' },
  });
  const running = await at.start();
  await running.end();
  const said = expect.stringMatching(/exit status 1; its last line: a server is already running$/);
  expect((await at.now()).services).toMatchObject([{ state: 'failed', said }]);
});

test('a service is not ready while another program listens on its port', async () => {
  await using at = await served({ services: { web: 'touch began; sleep 600' } }, fastClock);
  const started = at.start();
  await eventually(async () => existsSync(join(at.path, 'began')));
  const other = createServer().listen(at.ports.web, '127.0.0.1');
  await once(other, 'listening');
  try {
    const running = await started;
    expect(running.failures).toHaveLength(1);
    await running.end();
  } finally {
    other.close();
  }
});

test('a service that ends after it was ready is reported', async () => {
  await using at = await served({
    services: { web: serve('setInterval(() => require("fs").existsSync("stop") && process.exit(5), 20)') },
  });
  const running = await at.start();
  expect(running.ended()).toEqual([]);
  writeFileSync(join(at.path, 'stop'), '');
  const [ended] = await eventually(async () => running.ended().length > 0 && running.ended());
  expect(ended?.run).toMatchObject({ exitCode: 5, how: expect.stringContaining('exit status 5') });
  await running.end();
});

test('a service that ignores SIGTERM ends with what it started in other sessions', async () => {
  const stubborn = "trap '' TERM; while :; do sleep 1; done";
  await using at = await served({ services: { worker: `setsid sh -c "${stubborn}" & ${stubborn}` } });
  const running = await at.start();
  expect((await at.left()).length).toBeGreaterThan(1);
  await running.end();
  expect(await at.left()).toEqual([]);
});

test('a flood of output fills neither the disk nor the memory, and its end can be read', async () => {
  const flood = 'head -c 60000000 /dev/zero | tr "\\0" x; echo; echo the end; touch flooded; sleep 600';
  await using at = await served({ services: { worker: flood }, ready: { worker: 'test -f flooded' } });
  const running = await at.start();
  const output = join(at.path, 'services/worker.txt');
  const text = await eventually(async () => {
    const read = await readFile(output, 'utf8');
    return read.endsWith('the end\n') && read;
  });
  expect(statSync(output).size).toBeLessThan(1_600_000);
  expect(text).toContain('bytes left out');
  await running.end();
});

test('a start that is aborted returns, and its end leaves nothing', async () => {
  await using at = await served({ services: { web: 'touch began; sleep 600' } });
  const started = at.start();
  await eventually(async () => (await at.left()).length > 0);
  at.abort.abort();
  await (await started).end();
  expect(await at.left()).toEqual([]);
});

test('open ports of a strict sandbox are closed although a service cannot be ended, which is tried again', async () => {
  await using at = await served({ services: { web: 'sleep 600' }, net: 'net' });
  const started = at.start();
  await eventually(async () => (await at.left()).length > 0);
  at.abort.abort();
  const running = await started;
  expect(await isFree(at.ports.web ?? 0)).toBe(false);
  const { processes } = at.host;
  const none = () => Promise.reject(new Error('EMFILE'));
  at.host.processes = { ...processes, list: none, walk: none };
  await expect(running.end()).rejects.toThrow('EMFILE');
  expect(await isFree(at.ports.web ?? 0)).toBe(true);
  at.host.processes = processes;
  await running.end();
  expect(await at.left()).toEqual([]);
});

test('what an earlier process of the same number wrote about services is not that of a worker', async () => {
  await using at = await served({ services: { worker: 'sleep 600' } });
  const running = await at.start();
  await running.end();
  const now = ServicesNow.parse(await at.now());
  const own = await at.host.processes.read(process.pid);
  expect(isWriterOf(now, own)).toBe(true);
  expect(isWriterOf(now, { pid: process.pid, startTicks: '1' })).toBe(false);
});
