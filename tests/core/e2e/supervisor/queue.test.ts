import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readLeases } from '../../../../src/core/kernel/processes/lease.ts';
import { watchOver } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { queuedSessions, whenAllHaveEnded } from '../../../support/queued-sessions.ts';
import { startRig } from '../../../support/session-rig.ts';
import {
  endProcessesOf,
  killSupervisors,
  noticedBy,
  nowOf,
  SUPERVISED,
  supervisorOf,
  supervisorPids,
  triggerScan,
} from '../../../support/supervisors.ts';

test.concurrent(
  'four sessions in a queue of two all end in order, and leave nothing behind',
  ci,
  async () => {
    await using queued = await queuedSessions([4], 2, { ends: 'blocked' });
    const { mostAtOnce, overtaken, strangers, left } = await whenAllHaveEnded(queued);
    expect(mostAtOnce).toBe(2);
    // Two that are admitted at once begin in any order.
    expect(Math.max(...overtaken)).toBeLessThan(2);
    expect(strangers).toEqual([]);
    expect(left).toEqual({ workers: 0, processes: 0, slots: 0 });
  },
);

test.concurrent('on a full machine a project with one session does not wait for all sessions of another one', async () => {
  await using queued = await queuedSessions([5, 1], 5, {
    machine: 'MAX_PARALLEL_ON_MACHINE=2\n',
    ends: 'blocked',
  });
  const { mostAtOnce, overtaken, strangers, left } = await whenAllHaveEnded(queued);
  expect(mostAtOnce).toBe(2);
  // Two of the five had begun, and one may be admitted together with it.
  expect(overtaken.at(-1)).toBeGreaterThanOrEqual(2);
  expect(strangers).toEqual([]);
  expect(left).toEqual({ workers: 0, processes: 0, slots: 0 });
});

test.concurrent('above the limit of the day no further agent starts, and the session continues once the limit is raised', async () => {
  const acts = [
    { act: 'signal-file', text: JSON.stringify({ status: 'continue', phase: 'requirements' }) },
    { act: 'result', json: { total_cost_usd: 3 } },
  ];
  await using rig = await startRig({
    supervised: true,
    files: { 'home/.config/samocode/.env': 'MAX_COST_USD_PER_DAY=2\n' },
    scenario: { rules: [{ when: { iteration: 1 }, do: acts }] },
  });
  await rig.until(({ status }) => status.kind === 'queued');
  const [queued] = (await rig.events()).filter((event) => event.type === 'queued');
  expect(queued?.reason).toContain('cost $3.00 today, of the $2.00 that they may cost a day');
  await writeFile(join(rig.repo.homeDir, '.config/samocode/.env'), 'MAX_COST_USD_PER_DAY=10\n');
  await rig.untilWaiting('qa_answers');
  expect((await rig.events()).filter((event) => event.type === 'queued')).toHaveLength(1);
});

const HANGS = { rules: [{ when: {}, do: [{ act: 'hang' }] }] };

test(
  'of two homes on one SESSIONS folder, each continues its own sessions, shows those of the other and sends no notification of them',
  ci,
  async () => {
    await using hook = await hookServer();
    await using rig = await startRig({ supervised: true, scenario: HANGS });
    const { host, clock, programs, env } = rig.context();
    const other = { repo: { homeDir: join(rig.repo.root, 'other') } };
    const { homeDir: home } = other.repo;
    await mkdir(join(home, '.config/samocode'), { recursive: true });
    await writeFile(join(home, '.config/samocode/.env'), `NOTIFY_WEBHOOK_URL=${hook.url}\n`);
    const program = join(dirname(programs.worker), 'supervisor.cjs');
    const { sessionsDir } = rig.paths;
    const options = { program, env: { ...env, ...SUPERVISED, HOME: home }, home, host, clock, sessionsDir };
    try {
      expect(await watchOver(options)).toEqual({ kind: 'started' });
      await eventually(async () => (await supervisorPids(home)).length === 1, {
        what: 'the other supervisor',
      });
      await rig.until(({ openIteration }) => openIteration !== undefined, { leaveDead: true });
      await killSupervisors(rig.repo.homeDir);
      const pid = await rig.killWorker();
      await triggerScan(other);
      const isShown = async () => (await nowOf(other))?.sessions[0]?.person === 'foreign';
      await eventually(isShown, { what: 'the session as one of another home' });
      expect(await rig.workerPid()).toBeUndefined();
      const own = { ...options, env, home: rig.repo.homeDir };
      await watchOver(own);
      await eventually(async () => ((await rig.workerPid()) ?? pid) !== pid, { what: 'its restart' });
      const leases = await readLeases(rig.paths.leases);
      expect(new Set(leases.map(({ supervisor }) => supervisor))).toEqual(
        new Set([(await supervisorOf(rig)).identity]),
      );
      expect(leases).toHaveLength(2);
      expect(await noticedBy(other)).toEqual([]);
      expect(hook.posts).toEqual([]);
      expect((await nowOf(other))?.needYou).toBeLessThanOrEqual(1);
    } finally {
      await endProcessesOf(home);
    }
  },
);
