import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { ask, LEVELS, servedInGuard } from './served-in-guard.ts';

const STARTER = fileURLToPath(new URL('services-starter.ts', import.meta.url));
const LOADERS = ['tsx', join(import.meta.dirname, '../../../../scripts/markdown-as-text.mjs')].flatMap(
  (each) => ['--import', each],
);

const WEB = 'node server.cjs web {port.web} 127.0.0.1';

/** A web server whose children serve, beside a database. */
const named = (name: string) => ({
  services: {
    db: `node server.cjs db-of-${name} {port.db} 127.0.0.1`,
    web: `node server.cjs web-of-${name} {port.web} 127.0.0.1 fork`,
  },
});

test.each(LEVELS)('services of two sessions at once reach their own alone, level %s', async (level) => {
  await using one = await servedInGuard(level, named('one'));
  await using other = await servedInGuard(level, { ...named('other'), home: one.scene.root });
  const [ofOne, ofOther] = await Promise.all([one.start(), other.start()]);
  expect([ofOne.failures, ofOther.failures]).toEqual([[], []]);
  expect(await ask(one.ports.web, `ask?of=${one.ports.db}`)).toBe('web-of-one with db-of-one');
  expect(await ask(other.ports.web, `ask?of=${other.ports.db}`)).toBe('web-of-other with db-of-other');
  expect(await one.inAgent(`curl -s http://localhost:${one.ports.web}/`)).toBe('web-of-one');
  if (level === 'strict') {
    expect(await one.inAgent(`curl -s http://localhost:${other.ports.web}/`)).toBe('');
    expect(await ask(one.ports.web, `ask?of=${other.ports.db}`)).not.toContain('db-of-other');
  }
  await Promise.all([ofOne.end(), ofOther.end()]);
  expect([await one.left(), await other.left()]).toEqual([[], []]);
  expect(await ask(one.ports.web)).toBe('');
});

test.each(LEVELS)(
  'a service sees its worktree and data, and neither checkout, sessions, run folder nor keys, level %s',
  async (level) => {
    await using at = await servedInGuard(level, {
      services: { web: WEB },
    });
    const { MAIN, SESSION, SESSIONS, RUN, HOME, WORKTREE, COMMON } = at.scene.env;
    await mkdir(`${HOME}/.ssh`, { recursive: true });
    await writeFile(`${HOME}/.ssh/id_ed25519`, 'a key');
    await writeFile(`${MAIN}/secret.txt`, 'a file of the checkout');
    const running = await at.start();
    expect(running.failures).toEqual([]);
    const hidden = [`${MAIN}/secret.txt`, SESSION, SESSIONS, RUN, `${COMMON}/config`, `${HOME}/.ssh`];
    const of = (act: string, path = '') => ask(at.ports.web, `${act}?of=${encodeURIComponent(path)}`);
    expect(await Promise.all(hidden.map((path) => of('read', path)))).toEqual(hidden.map(() => 'ENOENT'));
    expect(await of('write', `${WORKTREE}/made`)).toBe('written');
    expect(await of('write', `${at.place.data}/made`)).toBe('written');
    expect(await of('write', `${WORKTREE}/.git`)).toMatch(/EROFS|EBUSY/);
    expect(await of('write', '/run/samocode/proxy')).not.toBe('written');
    await running.end();
  },
);

test.each(LEVELS)('services that ignore SIGTERM end with all that they started, level %s', async (level) => {
  const stubborn = "trap '' TERM; while :; do sleep 1; done";
  await using at = await servedInGuard(level, {
    services: { worker: `setsid sh -c "${stubborn}" & ${stubborn}` },
  });
  const running = await at.start();
  expect((await at.left()).length).toBeGreaterThan(1);
  const startedAt = performance.now();
  await running.end();
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  expect(await at.left()).toEqual([]);
});

test.each(LEVELS)('services end with the killed process that started them, level %s', async (level) => {
  await using at = await servedInGuard(level, named('one'));
  const { insideFor, ...place } = at.place;
  const serves = [[], ...Object.values(at.ports).map((port) => [port])];
  const prefixes = Object.fromEntries(serves.map((each) => [each.join(), insideFor?.(each)([])]));
  const file = join(at.scene.root, 'place.json');
  await writeFile(file, JSON.stringify({ place, prefixes }));
  const starter = spawn(process.execPath, [...LOADERS, STARTER, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.race([once(starter.stdout, 'data'), once(starter, 'close')]);
  expect(JSON.parse(String(said))).toEqual([]);
  expect(await ask(at.ports.web)).toBe('web-of-one');
  starter.kill('SIGKILL');
  await eventually(async () => (await at.left()).length === 0, { what: 'the end of all processes' });
});

test.each(LEVELS)(
  'a port that was taken before the start is refused, and nothing is left, level %s',
  async (level) => {
    await using at = await servedInGuard(level, { services: { web: WEB } });
    const other = createServer().listen(at.ports.web, '127.0.0.1');
    await once(other, 'listening');
    await expect(at.start()).rejects.toMatchObject({ code: 'port_taken' });
    other.close();
    expect(await at.left()).toEqual([]);
  },
);

test.each(LEVELS)('a READY line that only connects waits for the service, level %s', async (level) => {
  await using at = await servedInGuard(level, {
    services: { web: `sleep 1; exec ${WEB}` },
    ready: { web: 'bash -c "</dev/tcp/127.0.0.1/{port.web}"' },
  });
  const running = await at.start();
  expect(running.failures).toEqual([]);
  expect(await ask(at.ports.web)).toBe('web');
  await running.end();
});
