import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workerReport } from '../../../src/core/caller/facts/worker-report.ts';
import { eventually } from '../../support/eventually.ts';
import { SLOW_FIRST } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { childWorks } from './with-settings.ts';

const diskOf = ({ repo }: SessionRig) => join(repo.root, 'disk');
const mount = (rig: SessionRig) => execFileSync('mount', ['--bind', diskOf(rig), rig.file.worktreesDir]);
const away = (folder: string) => spawnSync('umount', ['--lazy', folder]);

/** Its worktrees are on a disk of their own, and nothing is below the mount point. */
async function onOwnDisk(rig: SessionRig): Promise<void> {
  const { worktreesDir } = rig.file;
  await mkdir(diskOf(rig));
  await mkdir(worktreesDir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', diskOf(rig)]);
  await cp(worktreesDir, diskOf(rig), { recursive: true, verbatimSymlinks: true });
  for (const name of await readdir(worktreesDir)) await rm(join(worktreesDir, name), { recursive: true });
  mount(rig);
}

const goneForAMoment: FaultRow = {
  ci: true,
  name: 'worktrees whose disk is away while an agent ends are waited for, nothing is made in their place, and the agent is judged once they are back',
  rules: SLOW_FIRST,
  before: onOwnDisk,
  act: async (rig) => {
    await childWorks(rig, 1);
    away(rig.file.worktreesDir);
    try {
      const says = `The disk with ${rig.file.worktreesDir} is not mounted, so ${rig.paths.folder} waits`;
      await eventually(async () =>
        (await workerReport(await rig.view(), rig.context())).unwatched?.includes(says),
      );
      expect(await readdir(rig.file.worktreesDir)).toEqual([]);
    } finally {
      mount(rig);
    }
  },
  ends: AT_THE_GATE,
  also: async (rig) => {
    for (const folder of [rig.file.worktreesDir, diskOf(rig)]) away(folder);
  },
};

const mayMount = process.getuid?.() === 0;
if (mayMount) faultTable([goneForAMoment]);
test.skipIf(mayMount)(`${goneForAMoment.name} (needs root)`, () => undefined);
