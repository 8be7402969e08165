import { lstat, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ifExists } from '../../src/base/errors.ts';
import { eventually } from '../support/eventually.ts';
import { startRig } from '../support/session-rig.ts';
import { workerLeft } from './with-settings.ts';

test.each(['sessionsDir', 'runDir'] as const)(
  'a worker whose %s is taken away while it waits leaves, and makes nothing again',
  async (name) => {
    await using rig = await startRig();
    await rig.untilWaiting('qa_answers');
    // What follows the parking still belongs to the iteration, whose end puts the run folder right.
    await systemClock.sleep(3000);
    const pid = await rig.workerPid();
    // At once: what is taken away piece by piece can be met half-way.
    await rename(rig.paths[name], join(rig.repo.root, 'away'));
    const { processes } = rig.context().host;
    await eventually(async () => ((await processes.read(pid ?? 0))?.state ?? 'Z') === 'Z', {
      what: 'the end of the worker',
    });
    await workerLeft(rig);
    expect(await ifExists(lstat(rig.paths.runDir))).toBeUndefined();
    expect(await rig.processesWithMark()).toEqual([]);
  },
);
