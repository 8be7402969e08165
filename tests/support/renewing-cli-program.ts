// A CLI of a vendor as `renewLogin` starts it: it uses its login at ANTHROPIC_BASE_URL and, when that refuses the
// token, renews it at the service that TOKEN_SERVICE names. It notes its arguments, folder and environment.
import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { HOME = '', ANTHROPIC_BASE_URL = '', TOKEN_SERVICE = '', MODE, ...others } = process.env;
const path = join(HOME, '.claude/.credentials.json');
const login = () => JSON.parse(readFileSync(path, 'utf8')).claudeAiOauth;
const ask = (token: string) =>
  fetch(`${ANTHROPIC_BASE_URL}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });

appendFileSync(
  join(HOME, 'starts.jsonl'),
  `${JSON.stringify({ args: process.argv.slice(2), files: readdirSync('.'), marked: 'CLAUDECODE' in others })}\n`,
);
if (MODE !== 'broken' && (await ask(login().accessToken)).status === 401) {
  const body = JSON.stringify({ grant_type: 'refresh_token', refresh_token: login().refreshToken });
  const answer = await fetch(`${TOKEN_SERVICE}/v1/oauth/token`, { method: 'POST', body });
  if (answer.ok) {
    const tokens = (await answer.json()) as {
      access_token: string;
      refresh_token: string;
      expires_in: number;
    };
    const claudeAiOauth = {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      expiresAt: Date.now() + tokens.expires_in * 1000,
    };
    writeFileSync(`${path}.new`, JSON.stringify({ claudeAiOauth }));
    renameSync(`${path}.new`, path);
    appendFileSync(join(HOME, 'again'), `${(await ask(claudeAiOauth.accessToken)).status}\n`);
  }
}
