import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSession } from '../../src/acts/sessions/start-session.act.ts';
import { doctor } from '../../src/machine/doctor/doctor.ts';
import { ci } from '../support/ci.ts';
import { makeProject, trustLines } from '../support/project.ts';
import { startRig } from '../support/session-rig.ts';
import { fakeBwrap, NO_NAMESPACES } from './fake-bwrap.ts';
import { shell } from './guarded-row.ts';

/** Each agent notes which logins it finds, and asks its person. */
const LOOKS = `{ echo "$GH_TOKEN $MY_GITHUB_PAT"; env -u GH_TOKEN gh auth token; tr '\\0' '\\n' </proc/1/environ | grep -E 'GH_|PAT'; } >"$HOME/.cache/seen-$SAMOCODE_ITERATION" 2>&1`;
const BLOCKS = [{ act: 'signal-file', text: '{"status":"blocked","reason":"x","needs":"human_decision"}' }];
const HOSTS = 'github.com:\n  user: person\n  oauth_token: login-of-person\n';
const TOKENS = { GH_TOKEN: 'token-of-person', MY_GITHUB_PAT: 'pat-of-person' };

test(
  'from the agent after PR_WATCH is on, no agent of a session finds a login, also not of a session begun before',
  ci,
  async () => {
    await using rig = await startRig({
      sandbox: 'guard',
      scenario: { rules: [{ when: {}, do: [shell(LOOKS), ...BLOCKS, { act: 'result' }] }] },
      files: { 'home/.config/gh/hosts.yml': HOSTS, 'home/.cache/made': '' },
      firstEnv: TOKENS,
    });
    const blocked = async (times: number) =>
      await rig.until(
        ({ status, lastIteration }) => status.kind === 'blocked' && lastIteration?.iteration === times,
      );
    const seen = async (by: number) => await readFile(join(rig.repo.homeDir, `.cache/seen-${by}`), 'utf8');
    await blocked(1);
    // Variables are left out in any guard.
    expect(await seen(1)).toContain('login-of-person');
    expect(await seen(1)).not.toMatch(/(?:token|pat)-of-person/);
    await trustLines(rig.repo, 'PR_WATCH=on\n');
    await rig.resume({}, TOKENS);
    await blocked(2);
    expect(await seen(2)).not.toMatch(/of-person/);
    const file = join(rig.repo.path, '.samocode');
    await writeFile(file, (await readFile(file, 'utf8')).replace('PR_WATCH=on', 'PR_WATCH=off'));
    await trustLines(rig.repo);
    await rig.resume({}, TOKENS);
    await blocked(3);
    expect(await seen(3)).toContain('login-of-person');
  },
);

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
