import { chmod, cp, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { closedFolder, NAMES_OF_PATHS } from '../../support/closed-variables.ts';
import { endSessionsBelow } from '../../support/live-session.ts';
import { makeProject } from '../../support/project.ts';
import { shell } from '../../support/scenario-rules.ts';
import { startRig } from '../../support/session-rig.ts';
import { first } from './guarded-row.ts';
import { USERS } from './users.ts';

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

const user = USERS.at(-1);

for (const [sandbox, tag] of [
  ['guard', ci],
  ['strict', {}],
] as const)
  test(
    `with SANDBOX=${sandbox} an ordinary user whose variables name paths of another user starts a session, which names these variables`,
    tag,
    async () => {
      await using closed = await closedFolder();
      const { repo, context, sessionsDir } = await makeProject({ sandbox });
      await using _ = repo;
      const { cli } = await builtPrograms();
      // The user may not read the folder of the tests.
      const programs = join(repo.root, 'programs');
      await cp(dirname(cli), programs, { recursive: true });
      await chmod(repo.root, 0o755);
      if (user?.uid !== undefined) await runCommand('chown', ['-R', `${user.uid}:${user.uid}`, repo.root]);
      const variables = Object.fromEntries(NAMES_OF_PATHS.map((name) => [name, closed.at(name)]));
      const env = { ...repo.env, PATH: '/usr/bin:/bin', TERM: 'xterm', ...variables };
      const run = async (...args: string[]) => {
        const [file = '', ...rest] = [
          ...(user?.prefix ?? []),
          process.execPath,
          join(programs, basename(cli)),
        ];
        return await runCommand(file, [...rest, ...args], { cwd: repo.path, env, leavesBehind: true });
      };
      try {
        const started = await run('start', '--task', 'Name the boats');
        expect(started.stderr).not.toMatch(/EACCES|✘/);
        expect(started).toMatchObject({ exitCode: 0 });
        for (const name of NAMES_OF_PATHS.slice(0, 12)) expect(started.stderr).toContain(`${name} (`);
        const waited = await run('wait', 'name-the-boats', '--timeout', '300');
        expect(waited.stdout + waited.stderr).toContain('waits for answers');
      } finally {
        await endSessionsBelow(sessionsDir, context.host);
      }
    },
  );
