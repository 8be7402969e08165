import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readLeases } from '../../../../src/core/kernel/processes/lease.ts';
import { watchOver } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { hookServer } from '../../../support/hook-server.ts';
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

const HANGS = { rules: [{ when: {}, do: [{ act: 'hang' }] }] };

test(
  'of two homes on one SESSIONS folder, each continues its own sessions, and those of the other are documents of which it tells nobody',
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
      expect(await nowOf(other)).toMatchObject({ sessions: [], needYou: 0 });
    } finally {
      await endProcessesOf(home);
    }
  },
);
