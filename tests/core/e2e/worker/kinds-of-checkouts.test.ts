import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finishSession } from '../../../support/as-shown.ts';
import { ci, ciIf } from '../../../support/ci.ts';
import { eventsOfType } from '../../../support/events-of.ts';
import {
  linkGitFolder,
  separateGitFolder,
  sparsePartialClone,
  submoduleOfAnother,
  worktreeOfBare,
} from '../../../support/kinds-of-checkouts.ts';
import { PATIENT_CLOCK } from '../../../support/live-session.ts';
import { DONE } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import type { RepoPlan } from '../../../support/temp-repo.ts';
import { addLibraries } from '../../../support/with-libraries.ts';

const FILES = { 'src/a.txt': 'a\n', 'other/b.txt': 'b\n' };
const sh = (command: string) => ({ act: 'run', command: ['sh', '-ec', command] });
const WORKS = sh('echo work >src/work.txt; git add src; git commit -qm Work');

/** The session is done, with its proof. */
async function doneIn(
  rearrange: RepoPlan['rearrange'],
  { check = 'test -e src/work.txt', acts = [WORKS], inHome = false } = {},
) {
  const rig = await startRig({
    here: true,
    phase: 'done',
    lines: { CHECK: check },
    repo: { files: FILES, rearrange, inHome },
    scenario: { rules: [{ when: { phase: 'done' }, do: [...acts, DONE] }] },
  });
  await rig.until(({ status }) => status.kind !== 'running' && status.kind !== 'starting');
  expect((await rig.state()).status).toMatchObject({ kind: 'done' });
  return rig;
}

async function finish(rig: SessionRig, how: 'merge' | 'discard') {
  const context = { ...rig.context(), clock: PATIENT_CLOCK };
  return await finishSession({ session: rig.file.folder, how, keep: [] }, context);
}

for (const [what, rearrange, isRepresentative] of [
  ['.git is a symbolic link', linkGitFolder, true],
  ['.git names a separate git folder', separateGitFolder],
  ['MAIN_REPO is a worktree of a bare repository', worktreeOfBare, true],
  ['MAIN_REPO is the checkout of a submodule', submoduleOfAnother],
  ['MAIN_REPO is a sparse and partial clone', sparsePartialClone, true],
] satisfies [string, RepoPlan['rearrange'], true?][])
  test.concurrent(
    `where ${what}, a session ends with a proof and its merge updates that checkout`,
    ciIf(isRepresentative),
    async () => {
      // Places in a submodule are refused: the repository above tracks its folder.
      await using rig = await doneIn(rearrange, { inHome: rearrange === submoduleOfAnother });
      expect((await finish(rig, 'merge')).commands).toEqual([]);
      expect(await readFile(join(rig.repo.path, 'src/work.txt'), 'utf8')).toBe('work\n');
      expect(await rig.repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
    },
  );

test.concurrent(
  'an agent finds the submodules of the main checkout, and its session can be discarded',
  ci,
  async () => {
    await using rig = await doneIn(addLibraries, {
      check: 'cat libs/outer/lib.txt libs/outer/inner/lib.txt src/work.txt',
      acts: [sh('cat libs/outer/inner/lib.txt'), WORKS],
    });
    const path = (await rig.state()).worktree?.path ?? '';
    expect(await readFile(join(path, 'libs/outer/inner/lib.txt'), 'utf8')).toBe('inner\n');
    await finish(rig, 'discard');
    expect(existsSync(path)).toBe(false);
  },
);

test.concurrent('an edit in a sparse checkout is refused while it is not committed, also beyond its patterns', async () => {
  const edits = sh('echo more >>src/a.txt; mkdir other; echo more >other/b.txt');
  const commits = sh('git add --sparse --all; git commit -qm Edits');
  await using rig = await startRig({
    here: true,
    phase: 'done',
    repo: { files: FILES, rearrange: sparsePartialClone },
    scenario: {
      rules: [
        { when: { phase: 'done', count: 1 }, do: [WORKS, edits, DONE] },
        { when: { phase: 'done', count: 2 }, do: [commits, DONE] },
      ],
    },
  });
  await rig.until(({ status }) => status.kind === 'done');
  const [first] = await eventsOfType(rig, 'iteration_ended');
  expect(JSON.stringify(first)).toContain('Not committed: other/b.txt, src/a.txt');
});
