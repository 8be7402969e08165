import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { definedOnly } from '../../../src/core/kernel/defined-only.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { makeCertificates } from '../../support/github-stub/certificates.ts';
import { installCli } from '../../support/install-clis.ts';
import { COMPOUND_AMOUNTS } from '../../support/sample-repo/missing-feature.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { startTokenService, type TokenService, type Tokens } from '../../support/token-service.ts';
import { type CliSession, startCliSession } from './cli-session.ts';

const HOSTS = ['platform.claude.com', 'api.anthropic.com', 'console.anthropic.com'];
const CLAIMS = { chatgpt_account_id: 'account', chatgpt_plan_type: 'plus' };

function jwt(exp: number): string {
  const claims = { exp, jti: Math.random(), email: 'ada@example.org', 'https://api.openai.com/auth': CLAIMS };
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

const CLIS = {
  claude: {
    file: '.claude/.credentials.json',
    login: ({ access_token, refresh_token, expires_in }: Tokens) => ({
      claudeAiOauth: {
        ...{ accessToken: access_token, refreshToken: refresh_token },
        expiresAt: Date.now() + expires_in * 1000,
        ...{ scopes: ['user:inference', 'user:profile'], subscriptionType: 'max' },
      },
    }),
    settings: () => ({}),
    env: (url: string) => ({ ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: url }),
    chat: ['-p', 'Hello'],
  },
  codex: {
    file: '.codex/auth.json',
    login: ({ access_token, refresh_token }: Tokens) => ({
      ...{ auth_mode: 'chatgpt', OPENAI_API_KEY: null, last_refresh: new Date().toISOString() },
      tokens: { id_token: access_token, access_token, refresh_token, account_id: 'account' },
    }),
    settings: (url: string) => ({
      '.codex/config.toml': [
        'model_provider = "stub"',
        `chatgpt_base_url = "${url}/backend-api/"`,
        '[model_providers.stub]',
        'name = "stub"',
        `base_url = "${url}/v1"`,
        'wire_api = "responses"',
        'requires_openai_auth = true\n',
      ].join('\n'),
    }),
    env: (url: string) => ({ CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${url}/oauth/token` }),
    chat: ['exec', '--skip-git-repo-check', 'Hello'],
  },
} as const;

/** Longer than the five minutes before its end in which Claude Code renews a token unasked. */
const LIFE_SECONDS = 400;

/** A session in the guard by a person's login, and a chat outside. */
async function loggedIn(cli: keyof typeof CLIS) {
  const dir = await tempDir();
  const certificates = await makeCertificates(
    dir.path,
    HOSTS.map((host) => `DNS:${host}`),
  );
  const { file, login, settings, env, chat } = CLIS[cli];
  let session: CliSession | undefined;
  const service = await startTokenService({
    lifeSeconds: LIFE_SECONDS,
    access: jwt,
    certificates,
    modelUrl: () => session?.models[cli]?.url ?? '',
  });
  const said: string[] = [];
  const [first] = COMPOUND_AMOUNTS.phases;
  session = await startCliSession({
    cli,
    lines: { SANDBOX: 'guard' },
    work: { ...COMPOUND_AMOUNTS, asks: true, phases: first ? [first] : [] },
    env: {
      ...env(service.url),
      ...{ HTTPS_PROXY: service.url, NO_PROXY: '127.0.0.1', NODE_EXTRA_CA_CERTS: certificates.caPath },
    },
    before: async ({ homeDir }) => {
      const files: Record<string, string> = {
        ...settings(service.url),
        [file]: JSON.stringify(login(service.logIn())),
      };
      for (const [name, text] of Object.entries(files)) {
        await mkdir(join(homeDir, name, '..'), { recursive: true });
        await writeFile(join(homeDir, name), text, { mode: 0o600 });
      }
    },
    instead: ({ job, step, conversation }) => {
      if (job.phase !== 'investigation') return undefined;
      said.push(...conversation.results.map(({ text }) => text));
      // The folder that CODEX_HOME names has no link in the home folder of an agent.
      const command = `cat "$HOME/${file}" 2>/dev/null || cat "$CODEX_HOME/auth.json"`;
      const use = [{ name: 'Bash', input: { command, description: 'Reading' } }];
      return step === 0 ? { say: 'Reading.', use } : undefined;
    },
  });
  const { path } = await installCli(cli);
  const { context, homeDir } = session;
  return {
    session,
    service,
    said,
    login: () => readFile(join(homeDir, file), 'utf8'),
    /** A chat of the person, outside. */
    chat: async () => {
      const ask = () => runCommand(path, chat, { cwd: dir.path, env: definedOnly(context.env) });
      const asked = await ask();
      // Codex renews a token that is refused before its end, and then ends once: it asks where the account belongs.
      const { exitCode, stdout, stderr } = asked.exitCode === 0 ? asked : await ask();
      return exitCode === 0 ? 'answered' : `${stdout}${stderr}`;
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const untilAsked = (session: CliSession, gate: string) =>
  session.until(({ status }) => {
    if (status.kind === 'blocked') throw new Error(status.reason);
    return status.kind === 'waiting' && status.for === gate;
  });

/** The tokens end while the person chats and agents begin. */
async function nextRound(service: TokenService, rounds: readonly (() => Promise<unknown>)[]) {
  service.endAccess();
  return await Promise.all(rounds.map((round) => round()));
}

for (const cli of ['claude', 'codex'] as const)
  test.concurrent(`two sessions and a chat outside use one login of the real ${cli} while its tokens end three times, and nobody is logged out`, async ({
    expect,
  }) => {
    await using person = await loggedIn(cli);
    const { session: one, service, chat } = person;
    await using two = await one.another('second');
    const both = [one, two];
    await Promise.all([...both.map((each) => untilAsked(each, 'qa_answers')), chat()]);
    const seen = person.said.join('\n');
    expect(seen, 'the login inside').toContain('ccess');
    expect(seen, 'the login inside').not.toContain('refresh-');
    const answered = both.map((each) => async () => {
      await each.answer();
      await untilAsked(each, 'plan_approval');
    });
    expect((await nextRound(service, [chat, ...answered]))[0], 'the chat').toBe('answered');
    const built = both.map((each) => async () => {
      await each.approve();
      await each.until(({ status }) => status.kind === 'done' || status.kind === 'blocked', 1_200_000);
    });
    expect((await nextRound(service, [chat, ...built]))[0], 'the chat').toBe('answered');
    expect(await nextRound(service, [chat]), 'the chat').toEqual(['answered']);
    expect([service.isLoggedOut(), service.renewals() > 3]).toEqual([false, true]);
    for (const each of both) expect((await each.state()).status.kind).toBe('done');
    const ends = (await Promise.all(both.map((each) => each.eventsOf('iteration_ended')))).flat();
    // A token that ends while an agent runs is refused; the agent after it has another.
    expect(['signalled', 'auth']).toEqual(expect.arrayContaining(ends.map(({ ending }) => ending)));
  });
