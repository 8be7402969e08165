import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor } from '../../../src/extensions/setup/doctor/doctor.ts';
import { ci } from '../../support/ci.ts';
import { makeProject } from '../../support/project.ts';
import { shell } from '../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { startSession } from '../../support/start-session.ts';
import { fakeBwrap, NO_NAMESPACES } from './fake-bwrap.ts';

/** The agent notes which logins it finds, and asks its person. */
const LOOKS = `{ echo "$GH_TOKEN $MY_GITHUB_PAT"; env -u GH_TOKEN gh auth token; tr '\\0' '\\n' </proc/1/environ | grep -E 'GH_|PAT'; } >"$REHEARSAL_SESSION_DIR/seen" 2>&1`;
const BLOCKS = [{ act: 'signal-file', text: '{"status":"blocked","reason":"x","needs":"human_decision"}' }];
const HOSTS = 'github.com:\n  user: person\n  oauth_token: login-of-person\n';
const TOKENS = { GH_TOKEN: 'token-of-person', MY_GITHUB_PAT: 'pat-of-person' };

test('no agent in the guard finds a login of GitHub, unless a person names it', ci, async () => {
  const make = async (lines: Record<string, string>) => {
    const rig = await startRig({
      sandbox: 'guard',
      lines,
      scenario: { rules: [{ when: {}, do: [shell(LOOKS), ...BLOCKS, { act: 'result' }] }] },
      files: { 'home/.config/gh/hosts.yml': HOSTS },
      firstEnv: TOKENS,
    });
    await rig.until(({ status }) => status.kind === 'blocked');
    return rig;
  };
  const seen = async (rig: SessionRig) => await readFile(join(rig.paths.sessionDir, 'seen'), 'utf8');
  await using closed = await make({});
  expect(await seen(closed)).not.toMatch(/of-person/);
  await using open = await make({ SANDBOX_ENV: 'GH_TOKEN', SANDBOX_READ: '~/.config/gh' });
  expect(await seen(open)).toMatch(/^token-of-person\s.*login-of-person/s);
});

test('no session starts with PR_WATCH=on where the guard does not work, and the refusal says what to do', async () => {
  using fake = fakeBwrap('refused');
  const { repo, context } = await makeProject({ sandbox: 'auto', lines: { PR_WATCH: 'on' } });
  await using _ = repo;
  const broken = { ...context, env: { ...context.env, ...fake.env } };
  await expect(startSession({ task: 'x' }, broken)).rejects.toMatchObject({
    code: 'forge_login_open',
    why: expect.stringContaining(NO_NAMESPACES),
    hint: expect.stringContaining('Or remove PR_WATCH=on from .samocode.'),
  });
  const { checks } = await doctor({}, broken);
  expect(checks.find(({ id }) => id === 'sandbox')).toMatchObject({
    level: 'fail',
    found: expect.stringContaining('has PR_WATCH=on'),
  });
});

test.each([
  ['SANDBOX=off', { sandbox: 'off', lines: {} }, 'SANDBOX is off'],
  [
    'the keyring opened',
    { sandbox: 'guard', lines: { SANDBOX_SOCKETS: 'keyring' } },
    'SANDBOX_SOCKETS opens keyring',
  ],
  [
    'Docker opened',
    { sandbox: 'strict', lines: { SANDBOX_SOCKETS: 'gpg-agent,docker' } },
    'SANDBOX_SOCKETS opens docker',
  ],
] as const)('nor does it with %s', async (_, { sandbox, lines }, why) => {
  const { repo, context } = await makeProject({ sandbox, lines: { PR_WATCH: 'on', ...lines } });
  await using __ = repo;
  await expect(startSession({ task: 'x' }, context)).rejects.toMatchObject({
    code: 'forge_login_open',
    why: expect.stringContaining(why),
  });
});
