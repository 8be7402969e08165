import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { poolChecks } from '../../../../src/extensions/pool/acts/pool-checks.ts';
import { StatusFile } from '../../../../src/extensions/pool/membership/pool-status.ts';
import { statusPath } from '../../../../src/extensions/pool/membership/run-members.ts';
import { changePoolFile } from '../../../../src/extensions/pool/pool-file.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';
import { recordPool } from '../../../support/recorded-pool.ts';
import { ABOUT } from '../../../support/supervisors.ts';

test('right after a join, the status and the doctor report nothing false', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const at = { cwd: repo.path, home: repo.homeDir };
  const alone = await typed(['doctor', '--json'], at);
  expect(checksIn(alone.stdout, 'Pool')).toMatchObject([{ id: 'pool', level: 'ok', is_absent: true }]);
  const membership = await recordPool({ repo, context });
  const { stdout } = await typed(['pool', 'status'], at);
  expect(stdout).toBe('! The supervisor of this machine starts to take part.\n');
  const path = statusPath(membership, { home: repo.homeDir, host: await systemHost() });
  await mkdir(dirname(path), { recursive: true });
  const status = new StatusFile(path, systemClock);
  const offer = { labels: [], slots: 2, level: 'off', version: '1.0.0' } as const;
  status.looked([{ id: 'anna', name: 'anna', ...offer, seenMsAgo: 0, isLive: true, isRemoved: false }]);
  status.write();
  const { machines, problems } = JSON.parse((await typed(['pool', 'status', '--json'], at)).stdout);
  expect(problems).toEqual([]);
  expect(machines).toMatchObject([{ name: 'anna', is_self: true, sessions: [] }]);
  const doctor = checksIn((await typed(['doctor', '--json'], at)).stdout, 'Pool');
  expect(doctor.map(({ id, level }) => `${id} ${level}`).sort()).toEqual([
    // Nothing listens at its address.
    'pool.database fail',
    'pool.member ok',
    'pool.remote ok',
    'pool.supervisor warn',
  ]);
});

test(
  'a pool of an earlier version is told in one sentence: by the status, by doctor and to a start',
  ci,
  async () => {
    const { repo, context } = await makeProject();
    await using _ = repo;
    const { database: _database, login: _login, ...before } = await recordPool({ repo, context });
    await changePoolFile(context, (file) => ({ ...file, pools: [{ ...before, id: 'f00d' }] }));
    const at = { cwd: repo.path, home: repo.homeDir };
    const sentence = 'A pool now has a PostgreSQL database, in which each machine has a login of its own.';
    for (const words of [
      ['pool', 'status'],
      ['start', '--pool', '--task', 'x'],
      ['pool', 'prune', '--dry-run'],
    ])
      expect((await typed(words, at)).stderr, words.join(' ')).toContain(sentence);
    const doctor = JSON.parse((await typed(['doctor', '--json'], at)).stdout);
    expect(JSON.stringify(doctor)).toContain(sentence);
    expect((await typed(['pool', 'leave'], at)).stdout).toContain('takes no more sessions');
    expect((await typed(['pool', 'status'], at)).stderr).toContain('has not joined a pool');
  },
);

test.each([
  ['a service or in a terminal', true, undefined],
  ['in the background', undefined, 'warn'],
])(
  'doctor judges whether the supervisor of a member, %s, is there after a restart',
  async (_how, stays, level) => {
    const { repo, context } = await makeProject();
    await using _ = repo;
    await recordPool({ repo, context });
    const paths = supervisorPaths(context.home, context.host);
    await using _lease = await acquireLease(paths.leases, context);
    await writeFile(paths.about, JSON.stringify({ ...ABOUT, stays }));
    const found = (await poolChecks(context)).find(({ id }) => id === 'pool.supervisor');
    expect(found?.level).toBe(level);
  },
);

function checksIn(stdout: string, group: string): { id: string; level: string }[] {
  return JSON.parse(stdout).checks.filter((check: { group: string }) => check.group === group);
}
