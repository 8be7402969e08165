import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { joinPool } from '../../../../src/extensions/pool/acts/join.act.ts';
import { poolChecks } from '../../../../src/extensions/pool/acts/pool-checks.ts';
import { StatusFile } from '../../../../src/extensions/pool/membership/pool-status.ts';
import { statusPath } from '../../../../src/extensions/pool/membership/run-members.ts';
import { readPoolFile } from '../../../../src/extensions/pool/pool-file.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { makeProject } from '../../../support/project.ts';
import { ABOUT } from '../../../support/supervisors.ts';
import { makeRemotes } from './remotes.ts';

test('right after a join, the status and the doctor report nothing false', async () => {
  await using remotes = await makeRemotes();
  const { repo, context } = await makeProject();
  await using _ = repo;
  const at = { cwd: repo.path, home: repo.homeDir };
  const alone = await typed(['doctor', '--json'], at);
  expect(checksIn(alone.stdout, 'Pool')).toMatchObject([{ id: 'pool', level: 'ok', is_absent: true }]);
  const joined = await joinPool({ remote: remotes.url, name: 'anna', create: true }, context);
  const { stdout } = await typed(['pool', 'status'], at);
  expect(stdout).toContain('anna · this machine, owner · its supervisor starts now\n  no state yet');
  expect(stdout).toContain(`\n  ${joined?.fingerprint}\n`);
  expect(stdout).not.toContain('!');
  const [membership] = (await readPoolFile(repo.homeDir))?.pools ?? [];
  if (membership === undefined) throw new Error('It was not joined.');
  const path = statusPath(membership, { home: repo.homeDir, host: await systemHost() });
  await mkdir(dirname(path), { recursive: true });
  const status = new StatusFile(path, systemClock);
  status.looked([]);
  status.write();
  const { machines, problems } = JSON.parse((await typed(['pool', 'status', '--json'], at)).stdout);
  expect(problems).toEqual([]);
  expect(machines).toMatchObject([
    { name: 'anna', is_self: true, is_owner: true, sign: 'no state yet', sessions: [] },
  ]);
  expect(machines[0]).not.toHaveProperty('note');
  const doctor = checksIn((await typed(['doctor', '--json'], at)).stdout, 'Pool');
  expect(doctor.map(({ id, level }) => `${id} ${level}`).sort()).toEqual([
    'pool.member ok',
    'pool.remote ok',
    'pool.sign ok',
    'pool.supervisor warn',
  ]);
});

test.each([
  ['a service or in a terminal', true, undefined],
  ['in the background', undefined, 'warn'],
])(
  'doctor judges whether the supervisor of a member, %s, is there after a restart',
  async (_how, stays, level) => {
    await using remotes = await makeRemotes();
    const { repo, context } = await makeProject();
    await using _ = repo;
    await joinPool({ remote: remotes.url, name: 'anna', create: true }, context);
    const paths = supervisorPaths(context.home, context.host);
    await using _lease = await acquireLease(paths.leases, context);
    await writeFile(paths.about, JSON.stringify({ ...ABOUT, stays }));
    const found = (await poolChecks(context)).find(({ id }) => id === 'pool.supervisor');
    expect(found?.level).toBe(level);
  },
);

test('without its remote, the status shows what this machine knows, and says what failed', async () => {
  await using remotes = await makeRemotes();
  const { repo, context } = await makeProject();
  await using _ = repo;
  await joinPool({ remote: remotes.url, name: 'anna', create: true }, context);
  await rename(remotes.url, `${remotes.url}.away`);
  const { stdout } = await typed(['pool', 'status'], { cwd: repo.path, home: repo.homeDir });
  expect(stdout).toMatch(/^anna · this machine, owner/);
  expect(stdout).toContain('\n! "git fetch" failed');
});

function checksIn(stdout: string, group: string): { id: string; level: string }[] {
  return JSON.parse(stdout).checks.filter((check: { group: string }) => check.group === group);
}
