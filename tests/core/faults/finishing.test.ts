import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FinishWay } from '../../../src/core/acts/finish/finish-choices.ts';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { finishSession } from '../../support/as-shown.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { restoreDiscarded } from '../../support/restore-discarded.ts';
import { commitWork, type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

/** The session that each test copies. */
let done: SessionRig | undefined;

beforeAll(async () => {
  done = await startRig({ at: 'done', faults: true, lines: { CHECK: 'true' } });
  await endOfWorker(done);
});

afterAll(async () => {
  await done?.[Symbol.asyncDispose]();
});

const copied = () => startRig({ faults: true, copyOf: done?.repo.root ?? '' });

/**
 * Finishes a session with a worker that dies once at a point. For the caller no time passes, so that it starts no other
 * worker: the test does.
 * @returns a promise of the reply
 */
async function dyingAt(point: string, how: FinishWay, rig: SessionRig): Promise<{ asked: Promise<unknown> }> {
  const context = rig.context();
  const crashed = join(rig.repo.root, `crashed at ${point}`);
  const env = { ...context.env, SAMOCODE_CRASH_AT: point, SAMOCODE_CRASHED_FILE: crashed };
  const input = { session: rig.file.folder, how, keep: [] };
  const clock = { ...context.clock, monotonic: () => 0 };
  const asked = finishSession(input, { ...context, clock, env }).catch((error: unknown) => error);
  await eventually(async () => existsSync(crashed), { what: `a worker that dies at ${point}` });
  return { asked };
}

/** A worker that completes the work and leaves. */
type Begin = () => Promise<unknown>;

async function nextWorker(rig: SessionRig, begin: Begin = () => rig.launch()): Promise<void> {
  const { n } = await rig.state();
  await begin();
  const hasLeft = async () => (await rig.events(n)).some(({ type }) => type === 'worker_left');
  await eventually(hasLeft, { what: 'a worker that leaves' });
  await eventually(async () => (await rig.workerPid()) === undefined, { what: 'no worker' });
}

async function mergedAfter(point: string, rig: SessionRig): Promise<void> {
  const tip = await commitWork(rig, `${point}.txt`);
  const { asked } = await dyingAt(point, 'merge', rig);
  await rig.until(({ work, lastMerge }) => work === undefined && lastMerge?.outcome === 'merged');
  await asked;
  expect(await rig.repo.git(['merge-base', '--is-ancestor', tip, 'main'])).toBe('');
  expect(await rig.repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
}

async function discardedAfter(point: string, rig: SessionRig, begin?: Begin): Promise<void> {
  const { path = '', branch = '' } = (await rig.state()).worktree ?? {};
  const tip = await rig.repo.git(['rev-parse', branch]);
  await writeFile(join(path, 'unsaved.txt'), 'x');
  const discarded = await dyingAt(point, 'discard', rig);
  await nextWorker(rig, begin);
  const snapshot = async () => [
    existsSync(rig.paths.sessionDir),
    existsSync(join(path, 'unsaved.txt')),
    await rig.repo.git(['branch', '--list', '--format=%(objectname)', branch]),
  ];
  expect(await snapshot()).toEqual([false, false, '']);
  expect((await readdir(dirname(path))).filter((name) => name.startsWith(basename(path)))).toEqual([]);
  await restoreDiscarded(rig);
  expect(await snapshot()).toEqual([true, true, tip]);
  await discarded.asked;
}

// The callers wait in parallel for replies that never come.
test.concurrent(
  'after a worker that dies at any step of a merge, the next one completes it',
  ci,
  async () => {
    await using rig = await copied();
    await mergedAfter('merge-made', rig);
    await mergedAfter('merge-checked', rig);
    await mergedAfter('merge-moved', rig);
  },
);

test.concurrent.each(['discard-kept', 'discard-branch-gone', 'set-aside'])(
  'a discard whose worker dies at %s is completed by the next one, and can be restored',
  { ...ci, timeout: 600_000 },
  async (point) => {
    await using rig = await copied();
    await discardedAfter(point, rig);
  },
);

test.concurrent('a discard that is cut off is completed by a resume, as the status advises', {
  ...ci,
  timeout: 600_000,
}, async () => {
  await using rig = await copied();
  const resume = () => resumeSession({ session: rig.file.folder }, rig.context());
  await discardedAfter('discard-worktree-gone', rig, resume);
});

test.concurrent(
  'a discard that is killed while it deletes goes on, and none of 300 files is lost',
  ci,
  async () => {
    await using rig = await copied();
    const { path = '' } = (await rig.state()).worktree ?? {};
    const unsaved = Array.from({ length: 300 }, (_, at) => `unsaved-${at}.txt`);
    for (const name of unsaved) await writeFile(join(path, name), name);
    // Ignored, so that they are not kept and only take their time.
    await writeFile(join(path, '.gitignore'), 'cache/\n');
    for (let folder = 0; folder < 400; folder += 1) {
      const dir = join(path, 'cache', `${folder}`);
      mkdirSync(dir, { recursive: true });
      // Not one promise each: there are forty thousand.
      for (let at = 0; at < 100; at += 1) writeFileSync(join(dir, `${at}`), '');
    }
    const input = { session: rig.file.folder, keep: [] };
    const asked = finishSession({ ...input, how: 'discard' }, rig.context()).catch((error: unknown) => error);
    const removing = async () =>
      (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.removing-`));
    await eventually(async () => (await removing()).length > 0, { what: 'a worktree that is being deleted' });
    await rig.killWorker();
    expect(await removing()).toHaveLength(1);
    await nextWorker(rig);
    await asked;
    expect(await removing()).toEqual([]);
    expect((await rig.state()).archived).toBe(true);
    await restoreDiscarded(rig);
    const back = await Promise.all(unsaved.map((name) => readFile(join(path, name), 'utf8')));
    expect(back).toEqual(unsaved);
  },
);
