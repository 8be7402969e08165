import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { watchOver } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { MAY_SLEEP, SLEPT, STAYS_AWAKE } from '../../../../src/core/session/events/fold-sleep.ts';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { ci } from '../../../support/ci.ts';
import { noticesOf } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { HANGS, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker, killSupervisors, nowOf, SUPERVISED } from '../../../support/supervisors.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { continueHere, workHere } from '../../../support/worker-in-this-process.ts';
import { standIn } from '../stand-in.ts';

test('while a session works idle sleep is held off, and at its gate no longer', ci, async () => {
  await using dir = await tempDir();
  const program = await standIn(dir.path, 'systemd-inhibit');
  await using rig = await startRig({ firstEnv: program.env });
  await program.started();
  await rig.untilWaiting('qa_answers');
  await program.ended();
  await endOfWorker(rig);
  expect(await program.calls()).toHaveLength(1);
  const [notice, ...further] = await noticesOf(rig, STAYS_AWAKE);
  expect(further).toEqual([]);
  const prepared = (await rig.events()).find(({ type }) => type === 'prepared');
  expect(notice?.n).toBeLessThan(prepared?.n ?? 0);
  expect(viewFacts(await rig.view()).awake).toBeUndefined();
});

test('a worker that is killed takes the helper with it', ci, async () => {
  await using dir = await tempDir();
  const program = await standIn(dir.path, 'systemd-inhibit');
  await using rig = await startRig({ firstEnv: program.env, scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await program.started();
  await rig.killWorker();
  await program.ended();
});

test('a start says that nothing holds off idle sleep, once, and the status does as well', ci, async () => {
  await using dir = await tempDir();
  const { env } = await standIn(dir.path, 'systemd-inhibit', 'refuses');
  await using rig = await startRig({ firstEnv: env });
  await rig.untilWaiting('qa_answers');
  expect((await noticesOf(rig, MAY_SLEEP)).map(({ text }) => text)).toEqual([
    'Idle sleep is not held off (systemd-inhibit: Failed to inhibit: Access denied): a machine that sleeps pauses the session.',
  ]);
  expect(viewFacts(await rig.view()).awake).toContain('Access denied');
});

test(
  'the supervisor holds it off while a session waits for a limit of two hours, not for one of nine',
  ci,
  async () => {
    for (const [hours, isHeld] of [
      [9, false],
      [2, true],
    ] as const) {
      const rules = [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: hours * 3600 }] }];
      await using rig = await startRig({ scenario: { rules } });
      await rig.until(({ status }) => status.kind === 'limited');
      await endOfWorker(rig);
      await using dir = await tempDir();
      const program = await standIn(dir.path, 'systemd-inhibit');
      const { home, host, env } = rig.context();
      const supervisor = join(dirname(rig.context().programs.worker), 'supervisor.cjs');
      const { sessionsDir } = rig.file;
      const begun = { program: supervisor, env: { ...env, ...SUPERVISED, ...program.env }, sessionsDir };
      await watchOver({ ...begun, home, host, clock: systemClock });
      await eventually(async () => (await nowOf(rig))?.sessions.length === 1, { what: 'its first scan' });
      if (isHeld) await program.started();
      expect(await program.lives()).toBe(isHeld);
      await killSupervisors(rig.repo.homeDir);
      await program.ended();
    }
  },
);

const HOUR_MS = 60 * 60_000;

/** The session of a rig by a clock that a test sets forward. */
function withClock(rig: SessionRig) {
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const ahead = (ms: number) => {
    aheadMs += ms;
  };
  return { ahead, rig: { ...rig, context: () => ({ ...rig.context(), clock }) } };
}

test(
  'a session whose limit ended hours ago says how long it stood still, as does the morning report',
  ci,
  async () => {
    const rules = [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 600 }] }];
    await using rig = await startRig({ here: true, scenario: { rules } });
    await rig.until(({ status }) => status.kind === 'limited');
    const later = withClock(rig);
    later.ahead(3 * HOUR_MS);
    await continueHere(later.rig);
    const view = await rig.view();
    expect(viewFacts(view).slept).toMatch(/^2 h 4\d min, until \d\d-\d\d \d\d:\d\d$/);
    expect(statusSentence(view)).toContain('. It stood still for 2 h 4');
    expect((await noticesOf(rig, SLEPT)).map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^The session was to continue at .* and does so 2 h 4\d min later: the machine slept/,
      ),
    ]);
  },
);

test('six hours asleep while an agent works are told once it is awake', ci, async () => {
  await using rig = await startRig({ here: true, at: 'resting', scenario: HANGS });
  const night = withClock(rig);
  const worked = workHere(night.rig, { kind: 'resume' });
  // A worker that `until` launches has the clock of the machine.
  await rig.until(({ openIteration }) => openIteration !== undefined, { leaveDead: true });
  night.ahead(6 * HOUR_MS);
  await rig.until(({ slept }) => slept !== undefined, { leaveDead: true });
  expect(viewFacts(await rig.view()).slept).toMatch(/^6 h 00 min, until /);
  await rig.stop();
  await worked;
  expect(await noticesOf(rig, SLEPT)).toHaveLength(1);
});
