import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { shell } from '../../support/scenario-rules.ts';
import { startRig } from '../../support/session-rig.ts';
import { first } from './guarded-row.ts';

const SECRETS = {
  ...{ NPM_TOKEN: 'of-the-registry', AWS_PROFILE: 'of-the-cloud', PGPASSWORD: 'of-the-database' },
  WANTED_TOKEN: 'wanted',
};
const LEFT_OUT =
  'Left out of the environment: AWS_PROFILE, NPM_TOKEN, PGPASSWORD (SANDBOX_ENV names what passes).';

test(
  'an agent in the guard has no secret of the environment but what SANDBOX_ENV names, and a check that lacks one is asked about with its name',
  ci,
  async () => {
    await using rig = await startRig({
      sandbox: 'guard',
      lines: { SANDBOX_ENV: 'WANTED_TOKEN', CHECK: 'test -n "$WANTED_TOKEN" && test -n "$NPM_TOKEN"' },
      firstEnv: SECRETS,
      scenario: {
        rules: first(
          // Variables that only bubblewrap unsets would be in its own environment, which is in /proc.
          shell('cat /proc/[0-9]*/environ | tr "\\0" "\\n" >"$REHEARSAL_SESSION_DIR/env"'),
          { act: 'normal' },
        ),
      },
    });
    await rig.untilWaiting('qa_answers');
    const env = await readFile(join(rig.paths.sessionDir, 'env'), 'utf8');
    expect(env).toContain('WANTED_TOKEN=wanted');
    expect(env).not.toMatch(/NPM_TOKEN|AWS_PROFILE|PGPASSWORD|of-the-/);
    expect(await readFile(rig.paths.qa, 'utf8')).toContain(`${LEFT_OUT} \`test -n "$WANTED_TOKEN"`);
  },
);

test('a SETUP that fails without a variable says first which were left out, to the person and to the agent', async () => {
  await using rig = await startRig({
    sandbox: 'guard',
    lines: { SANDBOX_ENV: 'WANTED_TOKEN', SETUP: 'test -n "$NPM_TOKEN"' },
    firstEnv: SECRETS,
  });
  await rig.untilWaiting('qa_answers');
  const told = `${LEFT_OUT} SETUP (\`test -n "$NPM_TOKEN"\`) failed (exit status 1)`;
  expect(await rig.events()).toContainEqual(
    expect.objectContaining({ type: 'notice', text: expect.stringContaining(told) }),
  );
  const prompt = await readFile(join(rig.paths.runDir, 'iterations/001/prompt.md'), 'utf8');
  expect(prompt).toContain(told);
});

test('a SETUP that fails on the base commit blocks the session with what was left out', async () => {
  await using rig = await startRig({
    sandbox: 'guard',
    lines: { SETUP: 'test -n "$NPM_TOKEN"', CHECK: 'true' },
    firstEnv: { NPM_TOKEN: 'x' },
  });
  const { status } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({
    rule: 'base_checks',
    reason: expect.stringContaining('Left out of the environment: NPM_TOKEN'),
  });
});
