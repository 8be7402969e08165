import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { WindowUsed } from '../../../src/core/agents/contract/events.ts';
import { providerNamed } from '../../../src/core/agents/registry.ts';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { askPlanWindows, readPlanWindows } from '../../../src/core/sandbox/plan-windows.ts';
import { installCli } from '../../support/install-clis.ts';
import { tempDir } from '../../support/temp-dir.ts';

const seconds = (inMs: number) => Math.floor((Date.now() + inMs) / 1000);

function jwt(): string {
  const auth = { chatgpt_plan_type: 'plus', chatgpt_account_id: 'account' };
  const claims = { exp: seconds(86_400_000), email: 'ada@example.org', 'https://api.openai.com/auth': auth };
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

/** Asks the real CLI of a person with these files. @returns what is known then, and what it answered */
async function asked(cli: 'claude' | 'codex', files: Readonly<Record<string, string>>) {
  await using dir = await tempDir();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  const home = { dir: dir.path, env: { PATH: process.env.PATH, HOME: dir.path } };
  const { windows, ...rest } = providerNamed(cli);
  const answers: (readonly WindowUsed[])[] = [];
  const heard = (line: string) => {
    const answer = windows?.readLine(line);
    if (answer !== undefined) answers.push(answer);
    return answer;
  };
  const question = windows && { ...windows, readLine: heard };
  await askPlanWindows({ ...rest, windows: question }, (await installCli(cli)).path, home, systemClock);
  return { windows: await readPlanWindows(cli, home), answers };
}

test('Codex states both windows of its login, and no model is asked', async () => {
  const calls: string[] = [];
  const window = (used: number, length: number) => ({
    ...{ used_percent: used, limit_window_seconds: length },
    ...{ reset_after_seconds: 3600, reset_at: seconds(3_600_000) },
  });
  const rate_limit = {
    ...{ allowed: true, limit_reached: false },
    ...{ primary_window: window(42, 18_000), secondary_window: window(63, 604_800) },
  };
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ plan_type: 'plus', account_id: 'account', rate_limit }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const tokens = { id_token: jwt(), access_token: jwt(), refresh_token: 'r', account_id: 'account' };
  const { windows } = await asked('codex', {
    '.codex/config.toml': `chatgpt_base_url = "http://127.0.0.1:${port}/backend-api"\n`,
    '.codex/auth.json': JSON.stringify({ tokens, last_refresh: new Date().toISOString() }),
  });
  server.closeAllConnections();
  server.close();
  expect(windows).toMatchObject([
    { window: '5h', used: 0.42, from: 'asked' },
    { window: '7d', used: 0.63, from: 'asked' },
  ]);
  expect(calls).toContain('/backend-api/wham/usage');
  expect(calls.filter((url) => url.includes('responses'))).toEqual([]);
});

test('Claude Code answers the question, and knows no window without its service', async () => {
  const claudeAiOauth = {
    ...{ accessToken: 'sk-ant-oat01-invented', refreshToken: 'r', expiresAt: Date.now() + 86_400_000 },
    ...{ scopes: ['user:inference', 'user:profile'], subscriptionType: 'max' },
  };
  const { windows, answers } = await asked('claude', {
    '.claude/.credentials.json': JSON.stringify({ claudeAiOauth }),
  });
  expect(windows).toEqual([]);
  expect(answers).toEqual([[]]);
});
