import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FrozenSettings } from '../../../src/core/session/events/bodies/session-file.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker, killSupervisors, noticedBy, nowOf, supervisorPids } from '../../support/supervisors.ts';
import { watch } from './watch-rig.ts';
import { changeSettings } from './with-settings.ts';

const DEAD = { leaveDead: true };
const LIVES_A_WHILE = {
  rules: [{ when: { iteration: 1 }, do: [{ act: 'sleep', ms: 3000 }, { act: 'normal' }] }],
};

/** A session whose first agent works, with no supervisor. */
async function working(): Promise<SessionRig> {
  const rig = await startRig({ supervised: true, faults: true, scenario: LIVES_A_WHILE });
  await rig.until(({ openIteration }) => openIteration !== undefined, DEAD);
  // The start launched one, which may not have started yet.
  await eventually(async () => !(await isGone(rig)), { what: 'the supervisor of the start' });
  await killSupervisors(rig.repo.homeDir);
  return rig;
}

async function isGone({ repo }: SessionRig): Promise<boolean> {
  return (await supervisorPids(repo.homeDir)).length === 0;
}

/**
 * Waits for the first scan of a new supervisor: until then it has no lease, and `now.json` is the old one.
 * @returns its pid
 */
async function firstScan(rig: SessionRig): Promise<number> {
  const pid = await eventually(async () => (await supervisorPids(rig.repo.homeDir))[0], {
    what: 'its start',
  });
  await eventually(async () => (await nowOf(rig))?.supervisor?.pid === pid, { what: 'its first scan' });
  return pid;
}

test.concurrent.each(['supervisor-has-lease', 'before-start-worker', 'after-start-worker', 'before-outbox'])(
  'a supervisor that dies at %s costs the session neither its work nor a second worker',
  ci,
  async (point) => {
    await using rig = await working();
    const crashed = join(rig.repo.root, 'crashed');
    await rig.killWorker();
    await watch(rig, { SAMOCODE_CRASH_AT: point, SAMOCODE_CRASHED_FILE: crashed });
    await eventually(async () => (await readFile(crashed, 'utf8')) === point, { what: 'its death' });
    await eventually(() => isGone(rig), { what: 'its end' }).catch(() => undefined);
    await watch(rig);
    await rig.untilWaiting('qa_answers', DEAD);
    await endOfWorker(rig);
    const events = await rig.events();
    const started = events.flatMap((event) => (event.type === 'iteration_started' ? [event.iteration] : []));
    expect(new Set(started).size).toBe(started.length);
    // Each worker found the last one dead or gone.
    const leases = events.flatMap((event) => (event.type === 'worker_took_over' ? [event.lease] : []));
    expect(leases).toEqual(leases.toSorted((a, b) => a - b));
    expect(await rig.processesWithMark()).toEqual([]);
    const waits = events.flatMap(({ type, n }) => (type === 'parked' ? [`${rig.file.id}:${n}`] : []));
    const noticed = await eventually(
      async () => {
        const ids = (await noticedBy(rig)).filter((id) => waits.includes(id));
        return ids.length > 0 && ids;
      },
      { what: 'its notification' },
    );
    expect(noticed).toEqual(waits);
  },
);

test.concurrent.each(['before-outbox', 'after-outbox'])(
  'what a supervisor finds in the scan in which it dies at %s is notified by the next one',
  ci,
  async (point) => {
    await using rig = await startRig({ faults: true, scenario: { rules: [] } });
    // Not a copy: what happened before its supervisor's queue began is not notified.
    await rig.untilWaiting('qa_answers');
    await endOfWorker(rig);
    const crashed = join(rig.repo.root, 'crashed');
    await watch(rig, { SAMOCODE_CRASH_AT: point, SAMOCODE_CRASHED_FILE: crashed });
    await eventually(async () => (await readFile(crashed, 'utf8')) === point, { what: 'its death' });
    await eventually(() => isGone(rig), { what: 'its end' });
    const { n } = (await rig.events()).findLast(({ type }) => type === 'parked') ?? expect.fail('no wait');
    await watch(rig);
    await firstScan(rig);
    expect(await noticedBy(rig)).toEqual([`${rig.file.id}:${n}`]);
  },
);

test.concurrent.each(['supervisor-leaves', 'supervisor-left'])(
  'a supervisor that dies at %s is replaced when the next session parks',
  ci,
  async (point) => {
    await using rig = await startRig({ supervised: true, faults: true, at: 'stopped' });
    const crashed = join(rig.repo.root, 'crashed');
    const minutes = { SAMOCODE_SUPERVISOR_MINUTES: '0.01' };
    await watch(rig, { ...minutes, SAMOCODE_CRASH_AT: point, SAMOCODE_CRASHED_FILE: crashed });
    await eventually(async () => (await readFile(crashed, 'utf8')) === point, { what: 'its death' });
    await rig.resume();
    await eventually(async () => !(await isGone(rig)), { what: 'the next supervisor' });
  },
);

/** Waits for the first gate, and acts while the disk of the next supervisor and of its workers is full. */
async function whileFull(
  rig: SessionRig,
  act: (supervisor: number) => Promise<void>,
  settings: Partial<FrozenSettings> = {},
): Promise<void> {
  await rig.untilWaiting('qa_answers', DEAD);
  await endOfWorker(rig);
  // A supervisor that is starting has no lease yet, and would take it after this.
  await eventually(async () => (await supervisorPids(rig.repo.homeDir)).length === 1);
  await killSupervisors(rig.repo.homeDir);
  await changeSettings(rig, settings);
  const isFull = join(rig.repo.root, 'is-full');
  await watch(rig, { SAMOCODE_FAIL_AT: '*:ENOSPC', SAMOCODE_FAIL_WHILE: isFull });
  const pid = await firstScan(rig);
  await writeFile(isFull, '');
  try {
    await act(pid);
  } finally {
    await rm(isFull, { force: true });
  }
}

test.concurrent('a full disk stops no session, and now.json and the queue are updated afterwards', async () => {
  await using rig = await startRig({ supervised: true, faults: true, scenario: { rules: [] } });
  let before: string[] = [];
  await whileFull(rig, async (pid) => {
    before = await noticedBy(rig);
    await rig.answer();
    await rig.untilWaiting('plan_approval', DEAD);
    expect(await supervisorPids(rig.repo.homeDir)).toEqual([pid]);
    expect(await noticedBy(rig)).toHaveLength(before.length);
  });
  const ids = await eventually(
    async () => {
      const noticed = await noticedBy(rig);
      return noticed.length > before.length && noticed;
    },
    { what: 'the notification' },
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test.concurrent('a session whose answers were taken continues after a full disk', async () => {
  await using rig = await startRig({ supervised: true, faults: true, scenario: { rules: [] } });
  const types = async () => {
    const text = await readFile(rig.paths.qa, 'utf8');
    await writeFile(
      rig.paths.qa,
      text.replace(/^(?:\*\*)?Answer:.*$/gm, (line) => `${line} A`),
    );
    await eventually(async () => (await readFile(rig.paths.workerErrors, 'utf8')).includes('ENOSPC'), {
      what: 'a worker that fails',
    });
  };
  await whileFull(rig, types, { typingRest: { markedMs: 0, unmarkedMs: 0 } });
  await rig.until(({ answers }) => answers.length > 0, DEAD);
});
