import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';
import { endProcessesOf } from '../../../support/supervisors.ts';

test(
  'run starts a worker for a session whose first one died before its first event, and follows it',
  ci,
  async () => {
    const { cli } = await builtPrograms({}, { faults: true });
    const { repo: made } = await makeProject();
    await using repo = made;
    const samocode = (args: string[], env = {}) =>
      runCommand(process.execPath, [cli, ...args], { cwd: repo.path, env: { ...repo.env, ...env } });
    const start = ['start', '--task', 'Give every boat a name', '--name', 'boats', '--provider', 'rehearsal'];
    await samocode(start, { SAMOCODE_CRASH_AT: 'before-events' });
    expect((await samocode(['status', 'boats'])).stdout).toContain('starting');
    const { exitCode, stdout } = await samocode(['run', 'boats', '--no-ask']);
    await samocode(['stop', 'boats']);
    await endProcessesOf(repo.homeDir);
    expect(stdout).toContain('waits for answers');
    expect(exitCode).toBe(4);
  },
);
