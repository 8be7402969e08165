import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { configFolder } from '../../../../../src/core/kernel/config-folder.ts';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import { addressWithCode } from '../../../../../src/extensions/pages/web/server/run-web.ts';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { builtPrograms } from '../../../../support/built-programs.ts';
import { makeProject } from '../../../../support/project.ts';
import { exchange, serveWeb, webOf } from '../../../../support/web-rig.ts';

const MODEL = { channel: 'tool', client: 'samocode, run by Claude Code' } as const;
const USED = 'This code is wrong, has been used, or is older than 30 seconds.';

test('a code is exchanged once for the key, and neither the address nor the answer of the socket has the key', async () => {
  await using web = await webOf(await makeProject());
  const address = await addressWithCode(web, '/s/0123456789ab');
  const [, code = ''] = /#c=([\w-]{32})&v=\/s\/0123456789ab$/.exec(address) ?? [];
  const first = await exchange(web, code);
  expect([first.status, first.headers['cache-control']]).toEqual([200, 'no-store']);
  expect(first.text).toBe(await web.key());
  expect(address + JSON.stringify(web.served)).not.toContain(first.text);
  const again = await exchange(web, code);
  expect([again.status, again.text]).toEqual([403, USED]);
  // A code is no key, and the key is no code.
  const headers = { authorization: `Bearer ${await web.newCode('address')}` };
  expect((await web.askWithout('/live', { headers })).status).toBe(401);
  expect((await exchange(web, first.text)).status).toBe(403);
});

test('a code of 30 seconds ago opens nothing', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  let passed = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + passed };
  await using web = await serveWeb({ ...context, clock });
  const codes = [await web.newCode('address'), await web.newCode('digits')];
  passed += 30_000;
  for (const code of codes) expect((await exchange(web, code)).text).toBe(USED);
});

test('another page can exchange no code, and does not use it up', async () => {
  await using web = await webOf(await makeProject());
  const code = await web.newCode('address');
  for (const headers of [
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[])
    expect((await exchange(web, code, headers)).text).toBe('Another page may not ask.');
  expect((await exchange(web, code, { host: 'evil.example' })).status).toBe(421);
  expect((await exchange(web, code)).status).toBe(200);
});

test('six digits are void after five wrong tries, from however many clients', async () => {
  await using web = await webOf(await makeProject());
  const digits = await web.newCode('digits');
  expect(digits).toMatch(/^\d{6}$/);
  const wrong = [1, 2, 3, 4, 5].map((by) => String((Number(digits) + by) % 1_000_000).padStart(6, '0'));
  const tries = await Promise.all(wrong.map((guess) => exchange(web, guess)));
  expect(tries.map(({ status }) => status)).toEqual(wrong.map(() => 403));
  expect((await exchange(web, digits)).text).toBe(USED);
  expect((await exchange(web, await web.newCode('digits'))).text).toBe(await web.key());
});

test('the key is kept for the next server, in a file and a folder that only its user can read', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const path = join(configFolder(context.home), 'web-key');
  const first = await serveWeb(context);
  const key = await first.key();
  await first.end();
  expect((await readFile(path, 'utf8')).trim()).toBe(key);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  await using second = await serveWeb(context);
  const headers = { authorization: `Bearer ${key}` };
  expect((await second.askWithout('/nothing', { headers })).status).toBe(404);
  await second.end();
  // Whoever deletes it makes every open tab a stranger.
  await writeFile(path, 'torn');
  await using third = await serveWeb(context);
  expect((await third.askWithout('/nothing', { headers })).status).toBe(401);
});

test('a page that an agent CLI started is not given the key of the person', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const acts = await serveWeb(context);
  const key = await acts.key();
  await acts.end();
  await using looks = await serveWeb({ ...context, by: MODEL });
  expect(await looks.key()).not.toBe(key);
});

test('a second call in a terminal prints a fresh code of the first page; one by a model prints none', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await using web = await serveWeb(context);
  const here = { cwd: repo.path, home: repo.homeDir, says: [] };
  const { stdout } = await typed(['web'], here);
  const [, code = ''] = /#c=([\w-]{32})(?![\w-])/.exec(stdout) ?? [];
  expect((await exchange(web, code)).text).toBe(await web.key());
  const shown = await typed(['web', '--code'], here);
  const [digits = ''] = /\b\d{6}\b/.exec(shown.stdout) ?? [];
  expect(shown.stdout).not.toContain('#c=');
  expect((await exchange(web, digits)).text).toBe(await web.key());
  const { cli } = await builtPrograms();
  const byModel = (...args: string[]) =>
    runCommand(process.execPath, [cli, 'web', ...args], { cwd: repo.path, env: repo.env });
  expect((await byModel()).stdout.trim()).toBe(web.served.address);
  expect((await byModel('--code')).stderr).toContain('this call could come from a model');
});
