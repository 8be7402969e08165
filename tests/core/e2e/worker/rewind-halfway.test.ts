import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { previewRewind } from '../../../../src/core/acts/rewind/preview-rewind.act.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { rewindSession } from '../../../support/as-shown.ts';
import { contentsOf } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const NOT_BACK = ['_overview.md', '_logs', '_inbox', 'session.log', '_signal_history.jsonl'];
/** The steps of a rewind after which something may fail; the first step saves all existing files. */
const STEPS = ['undo-kept', 'files-moved', 'documents-moved', 'branch-moved'];

function rewind(rig: SessionRig, to: number | 'undo', env: Record<string, string> = {}) {
  const context = { ...rig.context(), clock: PATIENT_CLOCK };
  // The process that fails or dies is a program with fault points; the others run in this process.
  const failing = { worker: rig.program('worker'), rehearsal: rig.program('rehearsal') };
  const programs = Object.keys(env).length > 0 ? failing : context.programs;
  return rewindSession(
    { session: rig.file.folder, to },
    { ...context, programs, env: { ...context.env, ...env } },
  );
}

async function filesOf(rig: SessionRig) {
  await untilWorkerLeft(rig);
  const worktree = (await rig.state()).worktree?.path ?? '';
  return {
    code: await contentsOf(worktree),
    documents: await contentsOf(rig.paths.sessionDir, NOT_BACK),
    tip: await rig.repo.git(['rev-parse', rig.file.settings.branch]),
  };
}

/** Nothing is written any more, and the next worker is started, with or without a fault. */
async function untilWorkerLeft(rig: SessionRig) {
  await eventually(async () => (await rig.view()).pendingCommands.length === 0);
  await endOfWorker(rig);
}

/** A session at the gate of its plan, with a file of the person's in its worktree. */
async function atThePlan(rig: SessionRig) {
  await writeFile(join((await rig.state()).worktree?.path ?? '', 'mine.txt'), 'mine\n');
  return await filesOf(rig);
}

async function failsAndIsCompleted(step: string, rig: SessionRig) {
  const { n } = await rig.state();
  const failing = rewind(rig, 1, { SAMOCODE_FAIL_AT: `rewind-${step}:EBADF` });
  await expect(failing, step).rejects.toMatchObject({ code: 'rewind_halfway' });
  const blocked = await rig.until(({ status }) => status.kind === 'blocked');
  expect(blocked.status, step).toMatchObject({ rule: 'rewind_halfway' });
  await untilWorkerLeft(rig);
  const { refusal } = await previewRewind({ session: rig.file.folder, to: 'undo' }, rig.context());
  expect(refusal, step).toBeUndefined();
  const by = { channel: 'tool' } as const;
  const archive = { kind: 'archive' as const, what: 'session' as const, keep: [] };
  await leaveCommand(rig.paths, { v: 1, by, at: '2026-01-08T10:00:00.000Z', id: ulid(), ...archive });
  await rig.launch();
  await untilWorkerLeft(rig);

  await rig.resume();
  const back = await rig.until(({ status }) => status.kind === 'stopped');
  expect(back.work, step).toBeUndefined();
  expect(back.progress.phase, step).toBe('investigation');
  expect((await filesOf(rig)).code, step).not.toHaveProperty('mine.txt');
  const refused = (await rig.events(n)).filter((event) => event.type === 'command_refused');
  expect(refused, step).toMatchObject([{ kind: 'archive', code: 'rewind_halfway' }]);
}

async function diesAndIsEnded(step: string, rig: SessionRig) {
  const crashed = join(rig.repo.root, `crashed behind ${step}`);
  const dying = { SAMOCODE_CRASH_AT: `rewind-${step}`, SAMOCODE_CRASHED_FILE: crashed };
  const asked = rewind(rig, 1, dying);
  await eventually(async () => existsSync(crashed), { what: `the death of the worker after ${step}` });
  // One that is launched while that one is still dying leaves at once.
  await eventually(async () => (await rig.workerPid()) === undefined, { what: `its end after ${step}` });
  await rig.launch();
  await asked;
  await eventually(async () => (await rig.state()).work === undefined, { what: `the end of ${step}` });
  expect((await filesOf(rig)).code, step).not.toHaveProperty('mine.txt');
}

// Each step starts where the previous one started, because the undo restores everything.
test.concurrent(
  `a rewind that fails after ${STEPS.join(', ')} blocks the session, and a resume completes it`,
  ci,
  async () => {
    await using rig = await startRig({ at: 'planned', faults: true, here: true });
    const before = await atThePlan(rig);
    for (const step of STEPS) {
      await failsAndIsCompleted(step, rig);
      await rewind(rig, 'undo');
      expect(await filesOf(rig), step).toEqual(before);
    }
  },
);

test.concurrent('a rewind that failed halfway can be undone, with files, phase and gate', async () => {
  await using rig = await startRig({ at: 'planned', faults: true, here: true });
  const before = await atThePlan(rig);
  const failing = { SAMOCODE_FAIL_AT: 'rewind-documents-moved:EBADF' };
  await expect(rewind(rig, 1, failing)).rejects.toMatchObject({ code: 'rewind_halfway' });
  await expect(rewind(rig, 'undo', failing)).rejects.toMatchObject({ code: 'rewind_halfway' });
  await untilWorkerLeft(rig);
  const { view } = await rewind(rig, 'undo');
  expect(view.state.status).toMatchObject({ kind: 'stopped', parked: { for: 'plan_approval' } });
  expect(await filesOf(rig)).toEqual(before);
  await rig.resume();
  await rig.untilWaiting('plan_approval');
});

test.concurrent('a rewind that finds a git lock changes nothing, and can be requested again', async () => {
  await using rig = await startRig({ at: 'planned', here: true });
  const before = await atThePlan(rig);
  const lock = join(rig.repo.path, '.git/refs/heads', `${rig.file.settings.branch}.lock`);
  await writeFile(lock, '');
  await expect(rewind(rig, 1)).rejects.toMatchObject({ code: 'git_locked' });
  expect(await filesOf(rig)).toEqual(before);
  expect((await rig.state()).status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
  await expect(rewind(rig, 'undo')).rejects.toMatchObject({ code: 'checkpoint_gone' });
  await rm(lock);
  const { view } = await rewind(rig, 1);
  expect(view.state.status.kind).toBe('stopped');
});

test.concurrent(
  `after a worker dies at ${['locked', ...STEPS].join(', ')} of a rewind, the next one completes it`,
  ci,
  async () => {
    await using rig = await startRig({ at: 'planned', faults: true, here: true });
    const before = await atThePlan(rig);
    for (const step of ['locked', ...STEPS]) {
      await diesAndIsEnded(step, rig);
      await rewind(rig, 'undo');
      expect(await filesOf(rig), step).toEqual(before);
    }
  },
);
