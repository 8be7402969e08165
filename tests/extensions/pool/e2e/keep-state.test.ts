import { appendFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { KeptState } from '../../../../src/extensions/pool/board/state-manifest.ts';
import { changeFile } from '../../../core/faults/with-settings.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

/** A session that waits for answers, and that other machines may continue. */
async function pooledRig(): Promise<SessionRig> {
  const rig = await startRig({ at: 'asking', here: true });
  await changeFile(rig, () => ({ pool: true }));
  return rig;
}

/** Answers, and waits until its worker has left it at the gate of the plan. */
async function worksOn(rig: SessionRig): Promise<string> {
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  await endOfWorker(rig);
  return stateRef(refNameOf(rig.file));
}

async function filesOf(rig: SessionRig, commit: string): Promise<string[]> {
  return (await rig.repo.git(['ls-tree', '-r', '--name-only', commit])).split('\n');
}

test.concurrent(
  'a session of a pool is kept at each rest, and never with an open iteration',
  ci,
  async () => {
    await using rig = await pooledRig();
    const ref = await worksOn(rig);
    const states = (await rig.repo.git(['log', '--first-parent', '--format=%H', ref])).split('\n');
    const logs = await Promise.all(
      states.slice(0, -1).map((state) => rig.repo.git(['show', `${state}:run/events.jsonl`]).catch(() => '')),
    );
    const iterations = logs
      .filter(Boolean)
      .map((log) => [
        log.match(/"type":"iteration_started"/g)?.length,
        log.match(/"type":"iteration_ended"/g)?.length,
      ]);
    expect(iterations.length).toBeGreaterThan(1);
    expect(iterations.filter(([started, ended]) => started !== ended)).toEqual([]);
    expect(await rig.repo.git(['show', `${ref}:run/events.jsonl`])).toBe(
      (await readFile(rig.paths.events, 'utf8')).trim(),
    );
  },
);

test.concurrent.each(['before-leaving', 'keep-state'])(
  'a worker that dies at %s leaves its last state to another one, which keeps it',
  ci,
  async (point) => {
    await using rig = await startRig({ at: 'asking', faults: true });
    await changeFile(rig, () => ({ pool: true }));
    await rig.stop();
    await endOfWorker(rig);
    await rig.resume({}, { SAMOCODE_CRASH_AT: point });
    await endOfWorker(rig);
    expect(await rig.view()).toMatchObject({ state: { status: { kind: 'waiting' } }, needsWorker: true });
    await rig.launch();
    await eventually(async () => !(await rig.view()).needsWorker, { what: 'the kept state' });
    await endOfWorker(rig);
    const { state, wantsWorker } = await rig.view();
    const ref = stateRef(refNameOf(rig.file));
    const kept = KeptState.parse(JSON.parse(await rig.repo.git(['log', '-1', '--format=%B', ref])));
    expect({ n: kept.n, wantsWorker }).toEqual({ n: state.n, wantsWorker: false });
  },
);

test.concurrent('its message says where it stands, and one of its parents is the branch', async () => {
  await using rig = await pooledRig();
  const ref = await worksOn(rig);
  const kept = KeptState.parse(JSON.parse(await rig.repo.git(['log', '-1', '--format=%B', ref])));
  const { n, lease, progress, worktree } = await rig.state();
  const head = await rig.repo.git(['rev-parse', worktree?.branch ?? '']);
  expect(kept).toMatchObject({ id: rig.file.id, status: 'waiting', n, lease, head });
  expect(kept).toMatchObject({ phase: progress.phase, iteration: progress.totalIterations });
  expect((await rig.repo.git(['log', '-1', '--format=%P', ref])).split(' ')).toContain(head);
});

test.concurrent('it holds files of people and agents, and nothing of the processes of this machine', async () => {
  await using rig = await pooledRig();
  const { sessionDir, logs } = rig.paths;
  const { worktree } = await rig.state();
  await writeFile(join(worktree?.path ?? '', 'not-committed.txt'), 'half done\n');
  await mkdir(join(sessionDir, '.git'));
  await writeFile(join(sessionDir, '.git/config'), '[core]\n');
  await symlink('/etc/passwd', join(sessionDir, 'link.md'));
  await appendFile(join(logs, '99-01-08-000000-900-planning.jsonl'), `${'x'.repeat(300_000)}end`);
  const ref = await worksOn(rig);
  const files = await filesOf(rig, ref);
  expect(files).toEqual(
    expect.arrayContaining(['worktree/not-committed.txt', 'session/_qa.md', 'run/session.json']),
  );
  expect(files).toEqual(expect.arrayContaining(['session/session.log', 'session/_signal_history.jsonl']));
  const ofMachine =
    /lease|command|child|exit|awake|guard-|checkpoints|git-settings|setup|state\.json|draft|\.git-calls|\.git\/|link/;
  expect(files.filter((name) => ofMachine.test(name))).toEqual([]);
  const log = await rig.repo.git(['show', `${ref}:logs/99-01-08-000000-900-planning.jsonl`]);
  expect([log.length, log.endsWith('end')]).toEqual([256 * 1024, true]);
  expect(files.filter((name) => name.startsWith('logs/')).length).toBeLessThanOrEqual(5);
});

test.concurrent('a session of one machine keeps no state', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const ref = await worksOn(rig);
  expect(await rig.repo.git(['for-each-ref', ref])).toBe('');
});
