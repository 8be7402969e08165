import { chmod, cp } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { closedFolder, NAMES_OF_PATHS } from '../../support/closed-variables.ts';
import { endSessionsBelow } from '../../support/live-session.ts';
import { makeProject } from '../../support/project.ts';
import { USERS } from './users.ts';

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
