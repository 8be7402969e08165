import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { readHolding } from '../../../../src/core/kernel/processes/lease.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { runRoot, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { noticesOf } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { endSession, untilState, workerPidOf } from '../../../support/live-session.ts';
import { trustLines } from '../../../support/project.ts';
import { HANGS, NO_GATES, type SessionRig, startRig } from '../../../support/session-rig.ts';
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

const TEN_MINUTES_MS = 600_000;

/** What Claude Code prints when the plan is used up and the account pays for extra usage. */
const overage = (resetsAt: number) => ({
  act: 'event',
  json: {
    type: 'rate_limit_event',
    rate_limit_info: { status: 'allowed', resetsAt, rateLimitType: 'five_hour', isUsingOverage: true },
  },
});

async function overageRig(lines: Record<string, string>, then: object[]) {
  const resetsAt = Math.round((systemClock.now() + TEN_MINUTES_MS) / 1000);
  const scenario = { rules: [{ when: { iteration: 1 }, do: [overage(resetsAt), ...then] }] };
  return { resetsAt, rig: await startRig({ here: true, lines, scenario }) };
}

test.concurrent('work on extra usage continues, and is reported once', async () => {
  const { rig } = await overageRig({}, [{ act: 'sleep', ms: 2500 }, { act: 'normal' }]);
  await using _ = rig;
  await rig.untilWaiting('qa_answers');
  expect(await noticesOf(rig, 'overage')).toMatchObject([
    { text: expect.stringContaining('iteration 1 works on extra usage') },
  ]);
});

test.concurrent('with OVERAGE=wait the agent is ended, and the session waits for the limit of the plan', async () => {
  const { rig, resetsAt } = await overageRig({ OVERAGE: 'wait' }, [{ act: 'hang' }]);
  await using _ = rig;
  const { status } = await rig.until(({ status: { kind } }) => kind === 'limited');
  expect(status).toMatchObject({ kind: 'limited', guessed: false });
  expect(status.kind === 'limited' && status.until).toBeGreaterThanOrEqual(resetsAt * 1000);
  const ended = (await rig.events()).find(({ type }) => type === 'iteration_ended');
  expect(ended).toMatchObject({ ending: 'usage_limit', problem: expect.stringContaining('OVERAGE is wait') });
});

test('a worker that adopts the agent of a dead one takes a slot for it again', ci, async () => {
  await using rig = await startRig({ lines: { MAX_PARALLEL: '1' }, scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const dead = await rig.killWorker();
  const { host } = rig.context();
  await rig.launch();
  const place = join(runRoot(rig.file.sessionsDir), '.slots', '1');
  const holding = await eventually(async () => {
    const found = await readHolding(place, host);
    return found.kind === 'held' && found.lease.owner.pid !== dead && found;
  });
  expect(holding).toMatchObject({ liveness: 'alive', lease: { owner: { pid: await rig.workerPid() } } });
});
