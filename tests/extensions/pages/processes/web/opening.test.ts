// @module-tag ci
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { configFolder } from '../../../../../src/core/kernel/config-folder.ts';
import { openWeb } from '../../../../../src/extensions/pages/web/server/run-web.ts';
import { eventually } from '../../../../support/eventually.ts';
import { asOrdinaryUser } from '../../../../support/ordinary-user.ts';
import { makeProject } from '../../../../support/project.ts';
import { exchange, serveWeb } from '../../../../support/web-rig.ts';

const CODE = /#c=([\w-]+)"/;

/** Notes what it is given, and keeps what it reads there. */
const BROWSER = `#!/bin/sh
printf %s "$*" >"$HOME/typed"
stat -c %a "$1" >"$HOME/mode"
cp "$1" "$HOME/page"
`;

async function desktop() {
  const { repo, context } = await makeProject();
  const bin = join(repo.root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'xdg-open'), BROWSER, { mode: 0o755 });
  const env = { ...context.env, DISPLAY: ':7', PATH: `${bin}:${process.env.PATH}` };
  const left = async () => (await readdir(configFolder(context.home))).filter((name) => /^open-/.test(name));
  const kept = async (name: string) => await readFile(join(repo.homeDir, name), 'utf8');
  return { repo, context: { ...context, env }, left, kept };
}

test('the browser is led by a file that only its user can read, to an address that opens the page once', async () => {
  const { repo, context, left, kept } = await desktop();
  await using _ = repo;
  await using web = await serveWeb(context);
  const interrupted = new AbortController();
  expect(await openWeb(web, context, { interrupted: interrupted.signal })).toBeUndefined();
  expect(await kept('mode')).toBe('600\n');
  const code = CODE.exec(await kept('page'))?.[1] ?? expect.fail('no code');
  expect(await kept('typed')).not.toContain(code);
  expect(await kept('page')).not.toContain(await web.key());
  const exchanges = [await exchange(web, code), await exchange(web, code)];
  expect(exchanges.map(({ status }) => status)).toEqual([200, 403]);
  expect(exchanges[0]?.text).toBe(await web.key());
  expect(await left()).toHaveLength(1);
  // Ctrl-C does not wait until a browser has had its time.
  interrupted.abort();
  await eventually(async () => (await left()).length === 0);
});

test('the file is gone once the browser has had its time, and at once where none was opened', async () => {
  const { repo, context, left } = await desktop();
  await using _ = repo;
  await using web = await serveWeb(context);
  const { signal: interrupted } = new AbortController();
  const waits: number[] = [];
  const clock = { ...systemClock, sleep: async (ms: number) => void waits.push(ms) };
  await openWeb(web, { ...context, clock }, { interrupted });
  await eventually(async () => (await left()).length === 0);
  expect(waits).toEqual([10_000]);
  const none = { ...context, env: { ...context.env, DISPLAY: undefined } };
  expect(await openWeb(web, none, { interrupted })).toContain('No browser could be opened');
  await eventually(async () => (await left()).length === 0);
  expect(waits).toEqual([10_000]);
});

test('where a model could read the file, and where it cannot be written, the key is not given away', async () => {
  const { repo, context, kept } = await desktop();
  await using _ = repo;
  await using web = await serveWeb(context);
  const { signal: interrupted } = new AbortController();
  const by = { channel: 'tool', client: 'samocode, run by Claude Code' } as const;
  await openWeb(web, { ...context, by }, { interrupted });
  expect(await kept('page')).toContain(`0; url=${web.served.address}"`);
  await chmod(configFolder(context.home), 0o555);
  await asOrdinaryUser(async () => {
    expect(await openWeb(web, context, { interrupted })).toBe(
      'No browser was opened: the config folder cannot be written (EACCES). Open the address above.',
    );
  });
  await chmod(configFolder(context.home), 0o755);
});
