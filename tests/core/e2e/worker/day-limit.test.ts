import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { endSession, untilState, workerPidOf } from '../../../support/live-session.ts';
import { trustLines } from '../../../support/project.ts';
import { NO_GATES, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

/** Each agent costs five dollars. */
const SCENARIO = {
  rules: [
    {
      when: {},
      do: [
        { act: 'normal', result: false },
        { act: 'result', json: { total_cost_usd: 5 } },
      ],
    },
  ],
};

async function limitPerDay(rig: SessionRig, usd: number): Promise<void> {
  const folder = join(rig.repo.homeDir, '.config/samocode');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '.env'), `MAX_COST_USD_PER_DAY=${usd}\n`);
}

/** A second session of the same project. */
async function secondSession(rig: SessionRig) {
  const env = { ...rig.repo.env, REHEARSAL_SCENARIO: join(rig.repo.root, 'scenario.mjs') };
  const { file } = await startSession({ task: 'Paint every boat' }, { ...rig.context(), env });
  const { host } = rig.context();
  const session = { paths: sessionPaths(file.sessionsDir, file.folder), host };
  return {
    until: (holds: (state: SessionState) => boolean) => untilState(session, holds),
    workerPid: () => workerPidOf(session),
    [Symbol.asyncDispose]: () => endSession(session, file.id),
  };
}

const isQueued = ({ status }: SessionState) => status.kind === 'queued';

test('sessions queue once a day has cost too much, and continue when that limit is raised', ci, async () => {
  await using rig = await startRig({ supervised: true, scenario: SCENARIO, at: 'resting', lines: NO_GATES });
  await trustLines(rig.repo);
  await limitPerDay(rig, 4);
  await rig.resume();
  // Its first agent started below the limit; no second one starts above it.
  const first = await rig.until(isQueued, { leaveDead: true });
  expect(first.progress.totalIterations).toBe(1);
  await using other = await secondSession(rig);
  const second = await other.until(isQueued);
  expect(second.progress.totalIterations).toBe(0);
  for (const { status } of [first, second])
    expect(status).toMatchObject({
      reason: expect.stringContaining('have cost $5.00 today, of the $4.00 that they may cost a day'),
    });
  await endOfWorker(rig);
  await eventually(async () => (await other.workerPid()) === undefined);
  await limitPerDay(rig, 1000);
  await rig.until(({ openIteration }) => openIteration?.iteration === 2, { leaveDead: true });
  await other.until(({ openIteration }) => openIteration?.iteration === 1);
});
