import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { stateRoot } from '../../../src/core/kernel/config-folder.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import type { Sandbox } from '../../../src/core/kernel/sandbox-level.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { endSessionsBelow, PATIENT_CLOCK } from '../../support/live-session.ts';
import { makeProject } from '../../support/project.ts';
import { endProcessesOf } from '../../support/supervisors.ts';
import { USERS, type User } from './users.ts';

/**
 * A project, and the CLI in it as a user whose home is mounted read-only.
 * @param plan.state the state folder is mounted writable
 */
async function projectWithoutHome(
  user: User,
  sandbox: Sandbox,
  { env = {}, state = true }: { env?: Readonly<Record<string, string>>; state?: boolean } = {},
) {
  const { repo, sessionsDir, context } = await makeProject({
    sandbox,
    lines: { GATES: 'none', CHECK: 'true' },
    acting: { clock: PATIENT_CLOCK },
  });
  const { cli } = await builtPrograms();
  const scenario = join(repo.root, 'scenario.json');
  await writeFile(scenario, JSON.stringify({ paceMs: 0, rules: [] }));
  const ofState = stateRoot(repo.homeDir);
  await mkdir(ofState, { recursive: true });
  if (user.uid !== undefined) await runCommand('chown', ['-R', `${user.uid}:${user.uid}`, repo.root]);
  const writable = state ? ['--bind', ofState, ofState] : [];
  const home = ['--ro-bind', repo.homeDir, repo.homeDir, ...writable];
  const [file = '', ...args] = [
    ...user.prefix,
    'bwrap',
    '--dev-bind',
    '/',
    '/',
    ...home,
    process.execPath,
    cli,
  ];
  return {
    samocode: async (...words: string[]) =>
      await runCommand(file, [...args, ...words], {
        ...{ cwd: repo.path, leavesBehind: true },
        // As `su` leaves it: with a folder that the user may not enter.
        env: { ...repo.env, PATH: `/root/bin:${repo.env.PATH}`, REHEARSAL_SCENARIO: scenario, ...env },
      }),
    configDir: join(repo.homeDir, '.config/samocode'),
    async [Symbol.asyncDispose]() {
      await endSessionsBelow(sessionsDir, context.host);
      await endProcessesOf(repo.homeDir);
      await repo[Symbol.asyncDispose]();
    },
  };
}

test.each(
  USERS.flatMap((user) => (['guard', 'strict'] as const).map((sandbox) => ({ ...user, user, sandbox }))),
)('with a read-only home a session of $name ends done with SANDBOX=$sandbox', async ({ user, sandbox }) => {
  await using project = await projectWithoutHome(user, sandbox);
  const run = await project.samocode('run', '--task', 'Describe the repository', '--name', 'boats');
  expect(run.stderr).toBe('');
  const { stdout } = await project.samocode('status', 'boats', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    state: 'done',
    sandbox: sandbox === 'guard' && user.isRoot ? 'best effort (agents are root)' : sandbox,
  });
});

test('with a read-only home a start says that nothing watches the session, and what to do', ci, async () => {
  const [user] = USERS as [User];
  await using project = await projectWithoutHome(user, 'guard', { env: { SAMOCODE_SUPERVISOR: '' } });
  const { stdout } = await project.samocode('start', '--task', 'Describe the repository', '--json');
  expect(JSON.parse(stdout).warnings).toEqual([
    `${project.configDir} cannot be written (EROFS): nothing watches the session while it waits, and no notification is sent. Make the folder writable for your user.`,
  ]);
});

test('with a home in which nothing can be written, a start makes no session and names the folder', async () => {
  const [user] = USERS as [User];
  await using project = await projectWithoutHome(user, 'guard', { state: false });
  const { exitCode, stderr } = await project.samocode('start', '--task', 'Describe the repository');
  expect(exitCode).toBe(1);
  expect(stderr).toContain(stateRoot(dirname(dirname(project.configDir))));
  expect((await project.samocode('list', '--json')).stdout).not.toContain('describe');
});
