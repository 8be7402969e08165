import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeProject } from '../../../support/project.ts';
import { endProcessesOf } from '../../../support/supervisors.ts';

test(
  'run starts a worker for a session whose first one died before its first event, and follows it',
  ci,
  async () => {
    const { cli } = await builtPrograms({}, { faults: true });
    const { repo: made, sessionsDir } = await makeProject();
    await using repo = made;
    const samocode = (...args: string[]) =>
      runCommand(process.execPath, [cli, ...args], { cwd: repo.path, env: repo.env });
    const start = ['start', '--task', 'Give every boat a name', '--name', 'boats', '--provider', 'rehearsal'];
    const env = { ...repo.env, SAMOCODE_CRASH_AT: 'before-events' };
    const starting = spawn(process.execPath, [cli, ...start], { cwd: repo.path, env, stdio: 'ignore' });
    // It would start further workers, and is ended once the first has taken the session.
    await eventually(async () => {
      const [folder] = await sessionFolders(sessionsDir);
      if (folder === undefined) return false;
      const leases = await ifExists(readdir(sessionPaths(sessionsDir, folder).leases));
      return leases?.some((name) => name.endsWith('.json'));
    });
    starting.kill('SIGKILL');
    expect((await samocode('status', 'boats')).stdout).toContain('starting');
    const { exitCode, stdout } = await samocode('run', 'boats', '--no-ask');
    await samocode('stop', 'boats');
    await endProcessesOf(repo.homeDir);
    expect(stdout).toContain('waits for answers');
    expect(exitCode).toBe(4);
  },
);
