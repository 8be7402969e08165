import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { isUnchanged } from '../../../../src/extensions/recurring/runs/archive-unchanged.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

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
