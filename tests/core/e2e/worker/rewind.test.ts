import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { listCheckpoints } from '../../../../src/core/acts/rewind/rewind-session.act.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { writeSessionReport } from '../../../../src/extensions/pages/report/write-report.act.ts';
import { rewindSession } from '../../../support/as-shown.ts';
import { contentsOf } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { LOOKS_FIRST, type SessionRig, startRig } from '../../../support/session-rig.ts';

const NOT_BACK = ['_overview.md', '_logs', '_inbox', 'session.log', '_signal_history.jsonl'];

async function filesOf(rig: SessionRig) {
  const worktree = (await rig.state()).worktree?.path ?? '';
  // The worker writes the overview right after the event that is waited for: its draft may disappear while it is read.
  const documents = await eventually(() => contentsOf(rig.paths.sessionDir, NOT_BACK));
  const whole = Object.entries(documents).filter(([name]) => !name.endsWith('.draft'));
  return { code: await contentsOf(worktree), documents: Object.fromEntries(whole) };
}

function rewind(rig: SessionRig, to: number | 'undo') {
  return rewindSession({ session: rig.file.folder, to }, { ...rig.context(), clock: PATIENT_CLOCK });
}

test.concurrent(
  'files, phase, gate and approval are rewound together, the gate is closed again, and the undo restores it all',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', here: true });
    const atQuestions = await rig.untilWaiting('qa_answers');
    const iteration = atQuestions.progress.totalIterations;
    const before = await filesOf(rig);
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    await rig.approve();
    await rig.until(({ status }) => status.kind === 'done');
    const after = await filesOf(rig);
    const tip = await rig.repo.git(['rev-parse', rig.file.settings.branch]);
    const done = await rig.state();

    const { view } = await rewind(rig, iteration);
    expect(view.state.status).toMatchObject({ kind: 'stopped', parked: { for: 'qa_answers' } });
    expect(view.state.progress).toMatchObject({ phase: 'requirements' });
    expect(view.state.approvedPlan).toBeUndefined();
    expect(view.state.answers).toEqual([]);
    expect(await filesOf(rig)).toEqual(before);
    expect(await readFile(rig.paths.overview, 'utf8')).toContain('Phase: requirements');

    const undone = await rewind(rig, 'undo');
    expect(undone.view.state.progress).toMatchObject({ phase: 'done' });
    expect(undone.view.state.status).toEqual(done.status);
    expect(undone.view.state.proved).toEqual(done.proved);
    expect(statusSentence(undone.view)).toContain('is done after');
    const report = { session: rig.file.folder, renderSteps: () => [] };
    const page = await readFile((await writeSessionReport(report, rig.context())).path, 'utf8');
    expect(page).not.toContain('created when the session is done');
    expect(undone.view.state.approvedPlan).toEqual(done.approvedPlan);
    expect(await filesOf(rig)).toEqual(after);
    expect(await rig.repo.git(['rev-parse', rig.file.settings.branch])).toBe(tip);

    await rewind(rig, 'undo');
    await rig.resume();
    const again = await rig.untilWaiting('qa_answers');
    expect(again.status).toMatchObject({
      openQuestions: atQuestions.status.kind === 'waiting' ? atQuestions.status.openQuestions : [],
    });
    await rig.answer();
    const planned = await rig.untilWaiting('plan_approval');
    expect(planned.progress.totalIterations).toBeGreaterThan(done.progress.totalIterations);
  },
);

test.concurrent('everything before the first iteration can be restored, and the list names that point', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const { kept } = await listCheckpoints({ session: rig.file.folder }, rig.context());
  expect(kept.map(({ iteration }) => iteration)).toEqual([2, 1, 0]);
  const { view } = await rewind(rig, 0);
  expect(view.state.progress).toMatchObject({ phase: 'investigation', totalIterations: 2 });
  const { documents } = await filesOf(rig);
  expect(Object.keys(documents).filter((name) => name.endsWith('.md'))).toEqual([]);
});

test.concurrent('a missing checkpoint and an open iteration are reported, and nothing changes', async () => {
  const rules = [{ when: { iteration: 2 }, do: [{ act: 'hang' }] }, LOOKS_FIRST];
  await using rig = await startRig({ here: true, scenario: { rules } });
  await rig.until(({ openIteration }) => openIteration?.iteration === 2);
  await expect(rewind(rig, 1)).rejects.toMatchObject({ code: 'child_runs' });
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  await expect(rewind(rig, 7)).rejects.toMatchObject({ code: 'checkpoint_gone' });
  await expect(rewind(rig, 'undo')).rejects.toMatchObject({ code: 'checkpoint_gone' });
});

test.concurrent('after a worker is killed in the middle of a rewind, the next one completes it', async () => {
  await using rig = await startRig({ at: 'asking' });
  const worktree = (await rig.state()).worktree?.path ?? '';
  await writeFile(join(worktree, 'mine.txt'), 'mine\n');
  const before = await filesOf(rig);
  const rewinding = rewind(rig, 1).catch(() => undefined);
  await rig.until(({ work, status }) => work !== undefined || status.kind === 'stopped');
  await rig.killWorker();
  await rewinding;
  await rig.until(({ status, work }) => status.kind === 'stopped' && work === undefined);
  expect(Object.keys((await filesOf(rig)).code)).not.toContain('mine.txt');
  await rewind(rig, 'undo');
  expect(await filesOf(rig)).toEqual(before);
});

test.concurrent('a request made during a rewind is carried out once the files are restored, and archives no partial state', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  const head = { v: 1, by: { channel: 'tool' }, at: '2026-01-08T10:00:00.000Z' } as const;
  const tip = await rig.repo.git(['rev-parse', (await rig.state()).worktree?.branch ?? '']);
  await leaveCommand(rig.paths, { ...head, id: ulid(1000), kind: 'rewind', to: 1, tip });
  await leaveCommand(rig.paths, { ...head, id: ulid(2000), kind: 'archive', what: 'session', keep: [], tip });
  const state = await rig.until(({ archived }) => archived);
  expect(state.work).toBeUndefined();
  const types = (await rig.events()).map(({ type }) => type);
  expect(types.indexOf('archived')).toBeGreaterThan(types.indexOf('rewound'));
  const { worker } = await eventually(async () => {
    const report = await getStatus({ session: rig.file.folder }, rig.context());
    return report.view.worker === 'none' && report;
  });
  expect(worker).toBe('none needed');
});
