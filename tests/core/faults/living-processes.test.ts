import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { takeOverSession } from '../../../src/core/acts/sessions/take-over-session.act.ts';
import { writeWhole } from '../../../src/core/kernel/files/atomic-file.ts';
import { gitDirOf } from '../../../src/core/kernel/files/git-pointer.ts';
import { readLeases } from '../../../src/core/kernel/processes/lease.ts';
import { isRunning, procTable } from '../../../src/core/kernel/processes/process-table.ts';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import { endings } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { first } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { readChildRecordAt } from './child-record.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { locksNamed, personCommits } from './persons-commit.ts';
import { childWorks, withSettings } from './with-settings.ts';

const DAY_MS = 24 * 60 * 60_000;

/** The id of a group of two processes whose leader is gone. */
let group: number | undefined;

async function startStrangers(): Promise<void> {
  const leader = spawn('sh', ['-c', 'sleep 300 & sleep 300 & exit'], { detached: true, stdio: 'ignore' });
  await once(leader, 'exit');
  group = leader.pid;
}

afterAll(async () => {
  if (group !== undefined && (await livingIn(group)) > 0) process.kill(-group, 'SIGKILL');
});

async function livingIn(pgid: number | undefined): Promise<number> {
  const all = await procTable().list();
  return all.filter((entry) => entry.pgid === pgid && isRunning(entry)).length;
}

async function killChild(rig: SessionRig): Promise<void> {
  const { pid } = await readChildRecordAt(rig, 1);
  process.kill(-pid, 'SIGKILL');
  await agentIsGone(rig);
}

async function agentIsGone(rig: SessionRig): Promise<void> {
  await eventually(async () => (await rig.processesWithMark()).length === 0, {
    what: 'the end of the agent',
  });
}

/** As if the kernel had reused the wrapper's pid for another process, which led a group and left it. */
async function reuseWrapperPid(rig: SessionRig, pid: number | undefined): Promise<void> {
  const { child } = iterationPaths(rig.paths, 1);
  const record = JSON.parse(await readFile(child, 'utf8'));
  await writeWhole(child, `${JSON.stringify({ ...record, wrapper: { ...record.wrapper, pid } })}\n`);
}

/** Like another machine with the same folder, at a person's request. */
async function takenOverElsewhere(rig: SessionRig): Promise<void> {
  const { leases } = rig.paths;
  const newest = (await readdir(leases)).sort().at(-1) ?? '';
  const lease = JSON.parse(await readFile(join(leases, newest), 'utf8'));
  const number = lease.number + 1;
  const owner = { ...lease.owner, hostId: 'another-machine', bootId: 'another-boot' };
  const path = join(leases, `${String(number).padStart(6, '0')}.json`);
  // Written atomically, like every lease: a worker cannot identify the owner of an empty one.
  await writeWhole(path, JSON.stringify({ ...lease, number, owner }));
}

async function leaseIsMarkedLost(rig: SessionRig, number: number): Promise<void> {
  const held = async () => (await readLeases(rig.paths.leases)).find((lease) => lease.number === number);
  await eventually(async () => (await held())?.lostAt, { what: `the marker in lease ${number}` });
}

async function stallWasReported(rig: SessionRig): Promise<void> {
  const notices = async () =>
    (await rig.events()).find((event) => event.type === 'notice' || event.type === 'blocked');
  expect(await eventually(notices)).toMatchObject({ type: 'notice', code: 'stalled' });
}

const rows: FaultRow[] = [
  withSettings(
    {},
    {
      ci: true,
      name: 'a foreign group that reused the pid of an old agent is not ended',
      rules: first({ act: 'hang' }),
      act: async (rig) => {
        await childWorks(rig, 1);
        await rig.killWorker();
        await killChild(rig);
        await startStrangers();
        await reuseWrapperPid(rig, group);
      },
      ends: AT_THE_GATE,
      also: async () => expect(await livingIn(group)).toBe(2),
    },
  ),
  withSettings(
    { watch: { firstByteMs: DAY_MS, stallMs: 500, stallEndMs: DAY_MS } },
    {
      name: 'a silent agent whose worktree git briefly cannot read works to its end',
      rules: first({ act: 'sleep', ms: 6000 }, { act: 'normal' }),
      act: async (rig) => {
        await childWorks(rig, 1);
        const worktree = join(rig.file.worktreesDir, rig.file.folder);
        await rename(worktree, `${worktree}.away`);
        await stallWasReported(rig);
        await rename(`${worktree}.away`, worktree);
      },
      ends: AT_THE_GATE,
      also: async (rig) => expect(await endings(rig)).toEqual(['signalled']),
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: 'a worker whose session is taken over elsewhere ends its agent and leaves',
      rules: first({ act: 'leave', setsid: true, ignoreTerm: true }, { act: 'hang' }),
      act: async (rig) => {
        await childWorks(rig, 1);
        const { lease } = await rig.state();
        await takenOverElsewhere(rig);
        await agentIsGone(rig);
        await leaseIsMarkedLost(rig, lease);
        await takeOverSession({ session: rig.file.folder }, rig.context());
      },
      ends: AT_THE_GATE,
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: "a person's commit whose editor is open when an agent ends keeps its lock, which is named, and succeeds",
      ...personCommits(),
      ends: AT_THE_GATE,
      also: async (rig) => {
        const lock = expect.stringContaining('index.lock. Agents cannot commit while it is there.');
        expect(await locksNamed(rig)).toEqual([lock]);
      },
    },
  ),
  withSettings(
    {},
    {
      name: 'a lock that is older than the agent stays and is named, although no git runs',
      rules: first(
        {
          act: 'run',
          command: ['sh', '-c', 'touch -d 2020-01-01 "$(git rev-parse --absolute-git-dir)/index.lock"'],
        },
        { act: 'normal' },
      ),
      ends: AT_THE_GATE,
      also: async (rig) => {
        const lock = join((await gitDirOf((await rig.state()).worktree?.path ?? '')) ?? '', 'index.lock');
        expect((await locksNamed(rig))[0]).toContain(`running: ${lock}. Agents cannot commit`);
        await rm(lock);
      },
    },
  ),
];

faultTable(rows);
