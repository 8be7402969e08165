// @module-tag ci
import { once } from 'node:events';
import { chmod, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { configFolder } from '../../../../../src/core/kernel/config-folder.ts';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { eventually } from '../../../../support/eventually.ts';
import { freePort } from '../../../../support/free-port.ts';
import { asOrdinaryUser } from '../../../../support/ordinary-user.ts';
import { makeProject } from '../../../../support/project.ts';
import { reportedSession } from '../../../../support/report-session.ts';
import { askOnce, keysIn, passingClock, serveWeb, webOf } from '../../../../support/web-rig.ts';

/** The pause between two reads of the sessions. */
const SPACING_MS = 150;
const MODEL = { channel: 'tool', client: 'samocode, run by Claude Code' } as const;

async function taken(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

test('a port that is taken is passed over for the next one, and after ten of them it says so', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const port = await freePort();
  const servers = [await taken(port)];
  {
    await using web = await serveWeb(context, { port });
    expect(web.served.address).toBe(`http://127.0.0.1:${port + 1}/`);
    expect((await web.askWithout('/')).status).toBe(200);
  }
  for (let next = port + 1; next < port + 10; next += 1) servers.push(await taken(next));
  await expect(serveWeb(context, { port })).rejects.toMatchObject({
    code: 'no_port',
    why: `All ports from ${port} to ${port + 9} are taken.`,
  });
  for (const server of servers) server.close();
});

test('a second call is told where the first one is, and the socket between them is for its user alone', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await using first = await serveWeb(context);
  await using second = await serveWeb(context);
  await using model = await serveWeb({ ...context, by: MODEL });
  expect([second.served, model.served]).toEqual([first.served, first.served]);
  expect([second.ended, model.ended]).toEqual([undefined, undefined]);
  await first.end();
  expect(await readdir(configFolder(context.home))).not.toContain('web.sock');
});

test('a page that an agent CLI started only shows, and one of a person takes its place', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await using looks = await serveWeb({ ...context, by: MODEL });
  const tab = await looks.open('/');
  expect(tab.status).toBe(200);
  for (const path of ['/start', '/s/0123456789ab/stop', '/s/0123456789ab/preview']) {
    const { status, text } = await looks.act(path, { task: 'x', project: repo.path });
    expect([status, text]).toEqual([409, expect.stringContaining('started by an agent CLI')]);
  }
  await using acts = await serveWeb(context);
  await looks.ended;
  await tab.closed;
  expect(acts.served).toMatchObject({ onlyShows: false });
  expect((await acts.act('/start', {})).text).not.toContain('agent CLI');
  // The one that left took nothing of the new one along.
  await using again = await serveWeb(context);
  expect(again.served).toEqual(acts.served);
});

test('where the config folder cannot be written it says so, and works', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await chmod(configFolder(context.home), 0o555);
  await asOrdinaryUser(async () => {
    await using web = await serveWeb(context);
    expect(web.alone).toBe('EACCES');
    expect((await web.ask('/nothing')).status).toBe(404);
  });
});

test('it ends after twelve hours without a request or an open tab, and not before', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const { clock, jump, pass } = passingClock();
  await using web = await serveWeb({ ...context, clock });
  let isOver = false;
  void web.ended?.then(() => {
    isOver = true;
  });
  const tab = await web.open('/');
  await pass(13 * 60);
  tab.close();
  await tab.closed;
  await pass(0);
  await pass(11 * 60);
  // A stranger does not keep it alive.
  expect((await web.askWithout('/live')).status).toBe(401);
  expect(isOver).toBe(false);
  jump(2 * 60);
  await eventually(async () => isOver);
  await expect(askOnce(web.port, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('sessions are read at the start for the first tab, and again for one that comes long after the last', async () => {
  const { project, paths } = await reportedSession({ iterations: 2 });
  await using _ = project.repo;
  const waits = new Map<number, () => void>();
  const clock = {
    ...systemClock,
    // The pause after everything was read has no end here, and a minute without a tab ends when the test says so.
    async sleep(ms: number, signal = new AbortController().signal) {
      if (ms !== SPACING_MS && ms !== 60_000) return await systemClock.sleep(ms, signal);
      const over = new Promise<void>((resolve) => waits.set(ms, resolve));
      await Promise.race([over, once(signal, 'abort')]);
      signal.throwIfAborted();
    },
  };
  await using web = await serveWeb({ ...project.context, clock });
  await eventually(async () => waits.has(SPACING_MS));
  for (const folder of [paths.runDir, paths.sessionDir]) await rm(folder, { recursive: true });
  const first = await web.open('/');
  await eventually(async () => keysIn(first).length === 1);
  waits.delete(60_000);
  first.close();
  await eventually(async () => waits.has(60_000));
  waits.get(60_000)?.();
  const later = await web.open('/');
  await eventually(async () => later.updates.some(({ needs }) => needs === 0));
  expect(keysIn(later)).toEqual([]);
  later.close();
});

test.each([
  ['127.0.0.1', 'localhost', 200],
  ['127.0.0.1', 'desk.lan', 421],
  ['::1', '[::1]', 200],
  ['localhost', 'localhost', 200],
])('on %s the name %s gets %i, and the printed address works', async (listen, host, status) => {
  await using web = await webOf(await makeProject(), { listen });
  const own = new URL(web.served.address).hostname.replace(/[[\]]/g, '');
  expect((await web.askWithout('/', { host: own })).status).toBe(200);
  expect((await web.askWithout('/', { host: own, headers: { host } })).status).toBe(status);
});

test('behind a TLS proxy its name is the only one, and its pages may ask', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const proxy = new URL('https://samocode.example.org');
  await using web = await serveWeb(context, { listen: '0.0.0.0', proxy });
  expect(web.served.address).toBe('https://samocode.example.org/');
  const asked = (host: string, origin = `https://${host}`) => ({ headers: { host, origin } });
  expect((await web.ask('/nothing', asked('samocode.example.org'))).status).toBe(404);
  expect((await web.ask('/nothing', asked('127.0.0.1', 'http://127.0.0.1'))).status).toBe(421);
  expect(
    (await web.ask('/nothing', asked('samocode.example.org', 'http://samocode.example.org'))).status,
  ).toBe(403);
});

test.each([
  ['an address in the network without a proxy', ['--listen', '192.168.1.2'], 'needs a TLS proxy'],
  ['every address without a proxy', ['--listen', '0.0.0.0'], 'needs a TLS proxy'],
  ['an unusual loopback address', ['--listen', '127.0.0.2'], 'needs a TLS proxy'],
  ['a proxy without TLS', ['--tls-proxy', 'http://desk.lan'], 'It must be an https address'],
  ['no port', ['--port', '0'], 'It must be a port'],
  ['a port beyond the last', ['--port', '65536'], 'It must be a port'],
  [
    'an address of another machine',
    ['--listen', '192.0.2.1', '--tls-proxy', 'https://x.example'],
    'EADDRNOTAVAIL',
  ],
])('%s is refused', async (_title, args, words) => {
  const { repo } = await makeProject();
  await using _ = repo;
  const { exitCode, stderr } = await typed(['web', ...args], { cwd: repo.path, home: repo.homeDir });
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(words);
  expect(await readdir(join(repo.homeDir, '.config/samocode'))).not.toContain('web.sock');
});

test('of two starts in the same moment, one serves the page and the other finds it', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const [one, other] = await Promise.all([serveWeb(context), serveWeb(context)]);
  await using _one = one;
  await using _other = other;
  expect(one.served).toEqual(other.served);
  expect([one, other].filter(({ ended }) => ended !== undefined)).toHaveLength(1);
});
