import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { configFolder } from '../../../../src/core/kernel/config-folder.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { type LoginPlan, renewLogin } from '../../../../src/core/sandbox/renew-login.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { startTokenService } from '../../../support/token-service.ts';

const HOUR_MS = 3_600_000;
const PROGRAM = join(import.meta.dirname, '../../../support/renewing-cli-program.ts');
const TSX = join(import.meta.dirname, '../../../../node_modules/.bin/tsx');

/** A person who is logged in, and a CLI. @param endsInMs when the access token ends */
async function personWith({
  endsInMs = 1000,
  env = {},
}: {
  endsInMs?: number;
  env?: Record<string, string>;
} = {}) {
  const dir = await tempDir();
  const service = await startTokenService();
  const path = join(dir.path, 'claude');
  await writeFile(path, `#!/bin/sh\nexec '${TSX}' '${PROGRAM}' "$@"\n`, { mode: 0o755 });
  const home = join(dir.path, 'home');
  await mkdir(join(home, '.claude'), { recursive: true });
  const file = join(home, '.claude/.credentials.json');
  const { access_token: accessToken, refresh_token: refreshToken } = service.logIn();
  const login = { accessToken, refreshToken, expiresAt: Date.now() + endsInMs };
  await writeFile(file, JSON.stringify({ claudeAiOauth: login }));
  const plan: LoginPlan = {
    cli: providerNamed('claude'),
    path,
    home: {
      dir: home,
      env: { PATH: process.env.PATH, HOME: home, TOKEN_SERVICE: service.url, CLAUDECODE: '1', ...env },
    },
    host: await systemHost(),
    clock: systemClock,
  };
  const read = (name: string) => readFile(join(home, name), 'utf8').catch(() => '');
  return {
    plan,
    service,
    file,
    starts: async () =>
      (await read('starts.jsonl'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    again: () => read('again'),
    token: async () => JSON.parse(await readFile(file, 'utf8')).claudeAiOauth.accessToken,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const inAnHour = () => ({ until: Date.now() + HOUR_MS });

test('a token that ends within the time of an agent is renewed once, by the CLI itself', async () => {
  await using person = await personWith();
  expect(await renewLogin(person.plan, { until: Date.now() + HOUR_MS / 2 })).toBe('renewed');
  expect(person.service.accepts(await person.token())).toBe(true);
  expect(person.service.renewals()).toBe(1);
  // The new token is not refused: that would renew it again.
  expect(await person.again()).toBe('400\n');
  expect(await renewLogin(person.plan, { until: Date.now() + HOUR_MS / 2 })).toBe('fresh');
  expect(person.service.renewals()).toBe(1);
});

test('the CLI gets no project, tools, settings or markers of another session', async () => {
  await using person = await personWith();
  await renewLogin(person.plan, inAnHour());
  const [start] = await person.starts();
  expect(start).toMatchObject({ files: [], marked: false });
  expect(start.args).toEqual(
    expect.arrayContaining(['--tools=', '--setting-sources=', '--strict-mcp-config']),
  );
});

test('a token that lasts long enough is left alone', async () => {
  await using person = await personWith({ endsInMs: 2 * HOUR_MS });
  expect(await renewLogin(person.plan, inAnHour())).toBe('fresh');
  expect(await person.starts()).toEqual([]);
});

test('a token that samocode renewed is used for half of its life, although agents may run longer than it lasts', async () => {
  await using person = await personWith();
  const need = { until: Date.now() + 10 * HOUR_MS };
  expect(await renewLogin(person.plan, need)).toBe('renewed');
  expect(await renewLogin(person.plan, need)).toBe('fresh');
  const later = { ...systemClock, now: () => Date.now() + 0.6 * HOUR_MS };
  expect(await renewLogin({ ...person.plan, clock: later }, need)).toBe('renewed');
  expect(person.service.isLoggedOut()).toBe(false);
});

test('of many workers at once one renews, and the others use its result', async () => {
  await using person = await personWith();
  const need = { until: Date.now() + HOUR_MS / 2 };
  const all = await Promise.all(Array.from({ length: 8 }, () => renewLogin(person.plan, need)));
  expect(all.toSorted()).toEqual([...Array(7).fill('fresh'), 'renewed']);
  expect(person.service.renewals()).toBe(1);
  expect(person.service.isLoggedOut()).toBe(false);
});

test('a refused token is renewed though it has not ended, unless the login has changed since', async () => {
  await using person = await personWith({ endsInMs: 9 * HOUR_MS });
  const { mtimeMs } = await stat(person.file);
  expect(await renewLogin(person.plan, { changedSince: mtimeMs - 1 })).toBe('fresh');
  expect(await renewLogin(person.plan, { changedSince: mtimeMs })).toBe('renewed');
  expect(await renewLogin(person.plan, { changedSince: mtimeMs })).toBe('fresh');
  expect(person.service.renewals()).toBe(1);
});

test('a login that can no longer be renewed is reported, and stays as it is', async () => {
  await using person = await personWith({ env: { MODE: 'broken' } });
  const before = await person.token();
  expect(await renewLogin(person.plan, inAnHour())).toBe('failed');
  expect(await person.token()).toBe(before);
});

test('a CLI that can not be started is a failed renewal', async () => {
  await using person = await personWith();
  expect(await renewLogin({ ...person.plan, path: '/nowhere' }, inAnHour())).toBe('failed');
});

test.each(['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_CODE_USE_BEDROCK'])(
  'with %s the login is not used, and not renewed',
  async (name) => {
    await using person = await personWith({ env: { [name]: 'x' } });
    expect(await renewLogin(person.plan, inAnHour())).toBe('none');
    expect(await person.starts()).toEqual([]);
  },
);

test.each(['', '{}', '{"claudeAiOauth":{"accessToken":"a"}}'])(
  'a login without an end is not renewed: %j',
  async (text) => {
    await using person = await personWith();
    await writeFile(person.file, text);
    expect(await renewLogin(person.plan, inAnHour())).toBe('none');
  },
);

test.each(['gemini', 'opencode', 'kiro', 'rehearsal'])(
  '%s has no login that samocode renews',
  async (name) => {
    await using person = await personWith();
    expect(await renewLogin({ ...person.plan, cli: providerNamed(name) }, inAnHour())).toBe('none');
  },
);

test("what a renewal writes is the CLI's own file and a folder of the settings of samocode", async () => {
  await using person = await personWith();
  await renewLogin(person.plan, inAnHour());
  expect((await stat(join(configFolder(person.plan.home.dir), 'logins'))).isDirectory()).toBe(true);
  const text = await readFile(person.file, 'utf8');
  expect(JSON.parse(text).claudeAiOauth.refreshToken).toMatch(/^refresh-/);
});
