import { existsSync } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { leaveCommand } from '../../../src/core/session/commands/commands.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import { expectLost } from '../gates/gate-record.ts';
import { expectNoSpin } from './cpu.ts';
import { childWorks } from './with-settings.ts';

/** Its worker stays, because the limit ends within a minute. */
const SHORT_LIMIT = { rules: [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 40 }] }] };

/**
 * The end of the iteration, which repairs the run folder, comes after the limit: an answered command shows that it is
 * over.
 */
async function untilItWaits(rig: SessionRig): Promise<void> {
  const id = ulid();
  const head = { v: 1, id, by: { channel: 'cli' }, at: new Date().toISOString() } as const;
  await leaveCommand(rig.paths, { ...head, kind: 'approve' });
  await eventually(
    async () => (await rig.events()).some((event) => event.type === 'command_refused' && event.id === id),
    { what: 'an answer' },
  );
}

/** Moves a folder of the session away, atomically, since a removal in steps could be seen when half done. */
async function vanishes(rig: SessionRig, path: string): Promise<void> {
  await rig.until(({ status }) => status.kind === 'limited');
  await untilItWaits(rig);
  await rename(path, join(rig.repo.root, 'away'));
}

test('a worker whose run folder is removed while it waits leaves, and does not create it again', async () => {
  await using rig = await startRig({ scenario: SHORT_LIMIT });
  await vanishes(rig, rig.paths.runDir);
  await endOfWorker(rig);
  expect(await ifExists(lstat(rig.paths.runDir))).toBeUndefined();
  expect(await rig.processesWithMark()).toEqual([]);
});

test('if the folder SESSIONS is removed while a worker waits, the session continues, and the worker writes its documents again', async () => {
  await using rig = await startRig({ scenario: SHORT_LIMIT });
  await vanishes(rig, rig.paths.sessionsDir);
  // Until its worker writes, the session counts as one whose documents are gone.
  await eventually(async () => existsSync(rig.paths.overview));
  await rig.untilWaiting('qa_answers');
  expect((await readdir(rig.paths.sessionDir)).sort()).toEqual(
    expect.arrayContaining(['_overview.md', '_qa.md']),
  );
});

test(
  'a session whose run folder is deleted while an agent works is lost, says so, and keeps the work',
  ci,
  async () => {
    const slow = { when: { iteration: 1 }, do: [{ act: 'sleep', ms: 2500 }, { act: 'normal' }] };
    await using rig = await startRig({ scenario: { rules: [slow] } });
    await childWorks(rig, 1);
    const pid = await rig.workerPid();
    await rm(rig.paths.runDir, { recursive: true });
    await expectNoSpin(pid);
    await expectLost(rig);
  },
);
