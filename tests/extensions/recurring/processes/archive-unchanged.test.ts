import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTION_ERRORS } from '../../../../src/core/caller/errors/action-errors.ts';
import { checkpointRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { isUnchanged } from '../../../../src/extensions/recurring/runs/archive-unchanged.ts';
import { ci } from '../../../support/ci.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { DONE, recurringScene } from '../recurring-scene.ts';

const FOLDER = '26-11-27-nightly';
const FILE = sessionFileSample({ folder: FOLDER });
const refOf = (iteration: number) => checkpointRef(refNameOf(FILE), { kind: 'after', iteration });
const HOUR_MS = 60 * 60_000;

/** A session that is done, whose SETUP has run an hour before or after an ignored file was written. */
async function doneSession(repo: TempRepo, setUpMs: number) {
  const worktree = { path: join(repo.root, 'worktree'), branch: 'nightly', base: 'main' };
  await repo.git(['worktree', 'add', '--quiet', '-b', worktree.branch, worktree.path]);
  const baseCommit = await repo.git(['rev-parse', 'HEAD']);
  await writeFile(join(repo.path, '.git/info/exclude'), 'out/\n');
  const ignored = join(worktree.path, 'out/deep/report.md');
  await mkdir(dirname(ignored), { recursive: true });
  await writeFile(ignored, 'The weekly findings');
  // As copies and unpacked archives keep old times.
  await utimes(ignored, 0, 0);
  const paths = sessionPaths(join(repo.root, 'sessions'), FOLDER);
  await mkdir(dirname(paths.setup), { recursive: true });
  await writeFile(paths.setup, 'ran\n');
  await utimes(paths.setup, setUpMs / 1000, setUpMs / 1000);
  for (const iteration of [0, 1]) await keep(repo, iteration, 'a');
  const sessionFile = { ...FILE, mainRepo: repo.path };
  const state = { worktree: { ...worktree, baseCommit }, pullRequest: undefined };
  return { view: { paths, sessionFile, state }, baseCommit };
}

/** A checkpoint of a worktree with this text in its file. */
async function keep(repo: TempRepo, iteration: number, text: string): Promise<void> {
  const commit = await repo.commit(`Iteration ${iteration}`, {
    'worktree/file': text,
    'session/document': `${iteration}`,
  });
  await repo.git(['update-ref', refOf(iteration), commit]);
}

test('a run is unchanged if its branch, its checkpoints and the files that git ignores are as they began', async () => {
  await using repo = await makeRepo();
  const { view, baseCommit } = await doneSession(repo, Date.now() + HOUR_MS);
  expect(await isUnchanged(view, repo)).toBe(true);
  // Of work that an agent has undone, checkpoints are the only copy.
  await keep(repo, 2, 'b');
  expect(await isUnchanged(view, repo)).toBe(false);
  await repo.git(['update-ref', '-d', refOf(2)]);
  await repo.git(['commit', '--quiet', '--allow-empty', '-m', 'Work'], view.state.worktree.path);
  expect(await isUnchanged(view, repo)).toBe(false);
  await repo.git(['reset', '--quiet', baseCommit], view.state.worktree.path);
  expect(await isUnchanged(view, repo)).toBe(true);
});

test('a run that wrote a file that git ignores is not unchanged', async () => {
  await using repo = await makeRepo();
  const { view } = await doneSession(repo, Date.now() - HOUR_MS);
  expect(await isUnchanged(view, repo)).toBe(false);
});

const RUN = '26-11-27-run-001';
const ARCHIVED: NewEvent = {
  type: 'archived',
  by: { channel: 'settings' },
  what: 'session',
  moved: [],
  to: '_archive',
};

/** A run that changes nothing, with a branch, and a worker that archives it only at the second request or later. */
async function sceneOfUnchanged(problem: (session: string) => Error, afterIt: 'archives' | 'does nothing') {
  const scene = await recurringScene('2026-11-27T00:00:00Z');
  const { repo } = scene.project;
  const path = join(repo.root, 'worktree');
  await repo.git(['worktree', 'add', '--quiet', '-b', 'nightly', path]);
  const baseCommit = await repo.git(['rev-parse', 'HEAD']);
  const name = refNameOf(sessionFileSample({ folder: RUN, id: `01KEE${'1'.padStart(21, '0')}` }));
  for (const iteration of [0, 1]) {
    const commit = await repo.commit(`Iteration ${iteration}`, { 'worktree/file': 'a' });
    await repo.git(['update-ref', checkpointRef(name, { kind: 'after', iteration }), commit]);
  }
  const worktree = { path, branch: 'nightly', base: 'main', baseCommit };
  scene.ending = () => [{ type: 'prepared', phase: 'investigation', warnings: [], worktree }, ...DONE];
  const archive = async () => {
    await repo.git(['worktree', 'remove', '--force', path]);
    await scene.end(RUN, [ARCHIVED]);
  };
  let asked = 0;
  scene.finish = async () => {
    asked += 1;
    if (asked > 1 || afterIt === 'archives') await archive();
    if (asked === 1) throw problem(RUN);
    return { done: '', view: undefined as never, place: '', moved: [], commands: [] };
  };
  await scene.add();
  return { scene, branches: () => repo.git(['branch', '--list', 'nightly']), asked: () => asked };
}

const isSlow = (session: string) =>
  ACTION_ERRORS.pending({ session, command: 'archive', seconds: 15, isAccepted: true });
const isRefused = (session: string) => ACTION_ERRORS.not_finished({ session, reason: 'The disk is full.' });

test.each([
  ['whose worker is slow', isSlow, 'archives', 1],
  ['that was refused for a while', isRefused, 'does nothing', 2],
] as const)(
  'a run without changes %s is archived later, and leaves no branch',
  ci,
  async (_, problem, afterIt, times) => {
    const { scene, branches, asked } = await sceneOfUnchanged(problem, afterIt);
    await using at = scene;
    await at.until('2026-11-27T01:05:00Z');
    expect((await at.report()).runs).toMatchObject([{ session: RUN, result: 'done' }]);
    expect(await branches()).not.toBe('');
    // A crash keeps what is to be archived.
    at.reboot();
    await at.until('2026-11-27T01:15:00Z');
    expect(at.failures).toEqual([]);
    expect((await at.report()).runs).toMatchObject([{ session: RUN, result: 'unchanged', archived: true }]);
    expect(await branches()).toBe('');
    await at.until('2026-11-27T02:00:00Z');
    expect(asked()).toBe(times);
  },
);
