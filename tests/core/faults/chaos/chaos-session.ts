import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { isSamocodeError } from '../../../../src/core/kernel/errors.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { expectInvariants } from '../neutral-checks.ts';
import { notingOverlaps } from '../overlaps.ts';
import { changeSettings } from '../with-settings.ts';
import { killRepeatedly, type Victim } from './killer.ts';
import { type Random, randomFrom } from './random.ts';
import { watchThroughServers } from './watcher.ts';

export interface ChaosEnd {
  iterations: number;
  killed: ReadonlyMap<Victim, number>;
  takeovers: number;
}

const BOUND_MS = 300_000;
/** Agents sleep a little, so that most kills hit one. */
const CHILD_SLEEP_MS = [0, 700] as const;
const MAX_ITERATIONS = 200;

/**
 * Runs one session from start to done while its processes are killed, with a person who answers, approves and
 * resumes; then runs the neutral checks.
 * @throws when any fails
 */
export async function runChaosSession(seed: number, takeOne: () => boolean): Promise<ChaosEnd> {
  const random = randomFrom(seed);
  const scratch = await mkdtemp(join(tmpdir(), 'samocode-chaos-'));
  const overlaps = join(scratch, 'agents');
  try {
    await using rig = await startRig({
      scenario: {
        about: `chaos ${seed}`,
        paceMs: 0,
        rules: notingOverlaps(sleepyChildren(random), overlaps),
      },
      start: { run: false },
    });
    await letRetriesAbound(rig);
    const sessionEnd = new AbortController();
    const ended = await (async () => {
      await using watcher = watchThroughServers(rig);
      const killing = killRepeatedly(rig, { random, watcher, takeOne, ended: sessionEnd.signal });
      try {
        const state = await actAsPerson(rig);
        if (watcher.polls() === 0) throw new Error('No server ever reported on the session.');
        return { state, killing };
      } finally {
        sessionEnd.abort();
        await killing;
      }
    })();
    await endOfWorker(rig);
    await expectInvariants(rig, overlaps, ended.state);
    const takeovers = (await rig.events()).filter(({ type }) => type === 'worker_took_over').length;
    return { iterations: ended.state.progress.totalIterations, killed: await ended.killing, takeovers };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function sleepyChildren(random: Random): object[] {
  return Array.from({ length: MAX_ITERATIONS }, (_, index) => ({
    when: { iteration: index + 1 },
    do: [{ act: 'sleep', ms: random.between(...CHILD_SLEEP_MS) }, { act: 'normal' }],
  }));
}

/** Every killed agent counts as crashed; the retry limit is not tested here. */
async function letRetriesAbound(rig: SessionRig): Promise<void> {
  await rig.until(({ status }) => status.kind === 'stopped');
  await endOfWorker(rig);
  await changeSettings(rig, { maxRetries: 1000, retryDelayMs: 20 });
  await rig.resume();
}

/**
 * Blocks that a person may have to resume after so many kills. An agent whose own test run was killed reports
 * correctly that its check fails.
 */
const TO_BE_EXPECTED = new Set([
  'child_blocked',
  'phase_limit',
  'no_progress',
  'no_signal',
  'signal_json',
  'retries',
]);

async function actAsPerson(rig: SessionRig): Promise<SessionState> {
  for (const end = Date.now() + BOUND_MS; Date.now() < end; ) {
    const state = await rig.until(({ status }) => status.kind !== 'running' && status.kind !== 'starting', {
      withinMs: end - Date.now(),
    });
    const { status } = state;
    if (status.kind === 'done') return state;
    if (status.kind === 'blocked' && !TO_BE_EXPECTED.has(status.rule))
      throw new Error(`The session is blocked by ${status.rule}: ${status.reason}`);
    await act(rig, status).catch((error: unknown) => {
      // Refused or unanswered because of a kill: the next round tries again.
      if (!isSamocodeError(error)) throw error;
    });
    await systemClock.sleep(20);
  }
  throw new Error(`It was not done after ${BOUND_MS / 1000} s.`);
}

async function act(rig: SessionRig, status: SessionState['status']): Promise<void> {
  if (status.kind === 'waiting' && status.for === 'qa_answers') await rig.answer();
  else if (status.kind === 'waiting' && status.for === 'plan_approval') await rig.approve();
  else if (status.kind === 'waiting' || status.kind === 'blocked') await rig.resume();
  else throw new Error(`Unexpected state: ${status.kind}`);
}
