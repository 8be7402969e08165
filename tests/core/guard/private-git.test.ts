import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ciIf } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { ATTACKS } from './attack-rows.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import { PLACES, type Place, USUAL } from './places.ts';
import { around, REFS } from './private-git-rounds.ts';
import { USERS } from './users.ts';

const WORK = 'echo work >work.txt; git add work.txt; git commit -qm Work';

async function isSound(scene: GuardScene): Promise<void> {
  expect(await scene.outside('git -C "$MAIN" fsck --strict --no-dangling 2>&1')).toBe('');
}

/** An agent has committed, and another git holds the lock of the worktree's index. */
async function lockedAfterWork(scene: GuardScene) {
  const { make, collect } = await around(scene);
  await make();
  expect(await scene.inside(`set -e; ${WORK}`)).toMatchObject({ exitCode: 0 });
  const lock = await scene.outside(
    'cd "$WORKTREE"; lock=$(git rev-parse --absolute-git-dir)/index.lock; >"$lock"; echo "$lock"',
  );
  return { make, collect, lock };
}

describe.each(USERS)('a private git folder, $name', (user) => {
  let scene: GuardScene;
  beforeAll(async () => {
    scene = await makeScene(user, USUAL);
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  for (const { title, script, kind, why = '', ci } of ATTACKS)
    test(`an agent ${title}: ${kind}`, ciIf(ci), async () => {
      const { make, collect } = await around(scene);
      const start = await scene.outside('git -C "$WORKTREE" rev-parse HEAD');
      const refs = await scene.outside(REFS);
      await make();
      const before = scene.others();
      const { exitCode, stderr } = await scene.inside(`set -e; ${script}`);
      expect(stderr).toBe('');
      expect(exitCode).toBe(0);
      expect(scene.others(), 'before its work is collected').toEqual(before);
      const collected = await collect();
      expect(collected).toMatchObject({ kind, ...(why && { why: expect.stringContaining(why) }) });
      await isSound(scene);
      expect(await scene.outside(REFS)).toBe(refs);
      const tip = await scene.outside('git -C "$MAIN" rev-parse "$BRANCH"');
      if (kind !== 'moved') expect(tip).toBe(start);
      else
        expect(
          await scene.outside('git -C "$WORKTREE" log -1 --format=%s; git -C "$WORKTREE" status --porcelain'),
        ).toBe('Work');
      // The next agent can work in any case.
      await make();
      const next = await scene.inside('git -c core.hooksPath=/dev/null commit -q --allow-empty -m Next');
      expect(next).toMatchObject({ stderr: '', exitCode: 0 });
      expect(await collect()).toMatchObject({ kind: 'moved' });
      await scene.outside('cd "$WORKTREE"; git reset -q --hard main; git clean -fdq');
    });

  test.each(PLACES)('work is collected with $title', async (place: Place) => {
    await using other = await makeScene(user, place);
    const { make, collect } = await around(other);
    await make();
    expect(await other.inside(`set -e; ${WORK}`)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await collect()).toMatchObject({ kind: 'moved', others: [] });
    await isSound(other);
    expect(
      await other.outside('git -C "$WORKTREE" log -1 --format=%s; git -C "$WORKTREE" status --porcelain'),
    ).toBe('Work');
    expect(await collect()).toMatchObject({ kind: 'nothing' });
  });

  test('an agent finds other worktrees as they are, whatever an earlier one wrote there', async () => {
    await using other = await makeScene(user, USUAL);
    const { make } = await around(other);
    const heads = 'git worktree list --porcelain | grep -A2 26-01-09-other | grep -e branch -e detached';
    const seen = async () => (await other.inside(heads)).stdout.trim();
    await make();
    expect(await seen()).toBe('branch refs/heads/another');
    const place = '"$COMMON/worktrees/26-01-09-other"';
    await other.inside(`rm -r ${place}; ln -s "$COMMON/worktrees/26-01-08-boat" ${place}`);
    await make();
    expect(await seen()).toBe('branch refs/heads/another');
    await other.outside('git -C "$MAIN" branch -m another renamed');
    await make();
    expect(await seen()).toBe('branch refs/heads/renamed');
  });

  test('an index whose lock an editor holds for a moment is updated', async () => {
    await using other = await makeScene(user, USUAL);
    const { collect, lock } = await lockedAfterWork(other);
    const collecting = collect();
    // The branch moves right before the index is tried.
    await eventually(
      async () => (await other.outside('git -C "$MAIN" log -1 --format=%s "$BRANCH"')) === 'Work',
    );
    await rm(lock);
    expect(await collecting).toEqual({ kind: 'moved', others: [] });
    expect(await other.outside('git -C "$WORKTREE" status --porcelain')).toBe('');
  });

  test('an index whose lock stays is named once, and updated by the next step without it', async () => {
    await using other = await makeScene(user, USUAL);
    const { make, collect, lock } = await lockedAfterWork(other);
    expect(await collect()).toEqual({ kind: 'moved', others: [], lockedBy: lock });
    expect(await collect()).toEqual({ kind: 'nothing', others: [] });
    await make();
    await rm(lock);
    expect(await other.outside('git -C "$WORKTREE" status --porcelain')).not.toBe('');
    expect(await collect()).toEqual({ kind: 'nothing', others: [] });
    expect(await other.outside('git -C "$WORKTREE" status --porcelain')).toBe('');
  });

  /** A scene with collected work of one agent, and the state of the next. */
  async function twoAgents(first: string, between: string, second: string) {
    await using other = await makeScene(user, USUAL);
    const { make, collect } = await around(other);
    await make();
    expect(await other.inside(`set -e; ${first}`)).toMatchObject({ exitCode: 0 });
    const collected = await collect();
    await other.outside(between);
    await make();
    const next = await other.inside(`set -e; ${second}`);
    expect(next, second).toMatchObject({ exitCode: 0 });
    const after = await collect();
    await isSound(other);
    const log = await other.outside('git -C "$MAIN" log --format=%s "$BRANCH"');
    const ours = await other.outside(
      'git -C "$MAIN" for-each-ref --format="%(refname) %(subject)" refs/samocode/boat/heads',
    );
    return { collected, after, log: log.split('\n'), ours, said: next.stdout };
  }

  test('the next agent finds the stash and the unfinished rebase of the previous one, even after a gc outside', async () => {
    const { log } = await twoAgents(
      `${commits('One', 'Two', 'Three')}; echo more >>README.md; git stash -q; GIT_SEQUENCE_EDITOR="sed -i 1s/pick/edit/" git rebase -qi HEAD~2 2>/dev/null`,
      'cd "$MAIN"; git reflog expire --expire=now --all; git gc -q --prune=now; git -C "$WORKTREE" status -s',
      'git rebase --continue 2>/dev/null >/dev/null; git stash pop -q; git commit -qam More',
    );
    expect(log).toEqual(['More', 'Three', 'Two', 'One', 'First']);
  });

  test('commits on another branch, or on a detached HEAD, are kept separately and named', async () => {
    const { collected, ours, log } = await twoAgents(
      `git switch -qc side; ${commits('Aside')}; git switch -q --detach; ${commits('Detached')}`,
      'true',
      'git switch -q "$BRANCH"',
    );
    expect(collected).toMatchObject({
      kind: 'nothing',
      others: ['refs/samocode/boat/heads/side', 'refs/samocode/boat/heads/HEAD'],
      head: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(ours).toBe('refs/samocode/boat/heads/HEAD Detached\nrefs/samocode/boat/heads/side Aside');
    expect(log).toEqual(['First']);
  });

  test("a person who commits at the same time keeps the branch, and the agent's commits are kept too", async () => {
    await using other = await makeScene(user, USUAL);
    const { make, collect } = await around(other);
    await make();
    await other.inside(`set -e; ${commits('Agent')}`);
    await other.outside('cd "$WORKTREE"; git commit -q --allow-empty -m Person');
    expect(await collect()).toMatchObject({ kind: 'aside' });
    await isSound(other);
    const subject = (ref: string) => other.outside(`git -C "$MAIN" log -1 --format=%s ${ref}`);
    expect(await subject('"$BRANCH"')).toBe('Person');
    expect(await subject('"refs/samocode/boat/heads/$BRANCH"')).toBe('Agent');
    expect(await other.outside('git -C "$WORKTREE" status --porcelain')).toBe('?? Agent.txt');
  });

  test('a branch that was moved back in the meantime is the one that the next agent gets', async () => {
    const { log, said } = await twoAgents(
      commits('One', 'Two'),
      'git -C "$WORKTREE" reset -q --hard HEAD~1',
      `git log --format=%s; ${commits('Three')}`,
    );
    expect(said).toBe('One\nFirst\n');
    expect(log).toEqual(['Three', 'One', 'First']);
  });

  test('settings of hook installers apply to later agents, and nowhere else', async () => {
    await using other = await makeScene(user, USUAL);
    const { make, collect } = await around(other);
    await make();
    const hook = (name: string) => `printf '#!/bin/sh\ntest ! -e ${name}\n' >pre-commit; chmod +x pre-commit`;
    await other.inside(
      `set -e; mkdir .husky; cd .husky; ${hook('forbidden')}; git config core.hooksPath .husky; cd ..; git add .; git commit -qm Hooks`,
    );
    expect(await collect()).toMatchObject({ kind: 'moved' });
    for (const meanwhile of [
      'true',
      'git -C "$WORKTREE" commit -q --allow-empty -m Person',
      'git config user.name Other',
    ]) {
      await other.outside(`cd "$MAIN"; ${meanwhile}`);
      await make();
      expect(await other.inside('touch forbidden; git commit -q --allow-empty -m Refused')).toMatchObject({
        exitCode: 1,
      });
    }
    expect((await other.inside('git config user.name')).stdout).toBe('Other\n');
    expect(await other.outside('git -C "$MAIN" config core.hooksPath || echo none')).toBe('none');
  });

  test('git-lfs files are collected with the commits that refer to them', async () => {
    await using other = await makeScene(user, USUAL);
    const { make, collect } = await around(other);
    await other.outside(
      'git -C "$MAIN" lfs install --local >/dev/null; echo old >"$MAIN/old.bin"; cd "$MAIN"; git lfs track "*.bin" >/dev/null; git add .; git commit -qm Large; git -C "$WORKTREE" reset -q --hard main',
    );
    await make();
    // A checkout copies the file of the base into the private folder. Only then does "git lfs fsck" find it:
    // unlike a checkout, it does not search next to the borrowed objects.
    const script =
      'grep -qx old old.bin; rm old.bin; git checkout -q old.bin; grep -qx old old.bin; head -c 1000 /dev/urandom >new.bin; git add new.bin; git commit -qm New; git lfs fsck';
    expect(await other.inside(`set -e; ${script}`)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('OK'),
    });
    expect(await collect()).toMatchObject({ kind: 'moved' });
    expect(await other.outside('cd "$WORKTREE"; git lfs fsck; git status --porcelain')).toBe(
      'Git LFS fsck OK',
    );
    await isSound(other);
  });

  test('an interrupted collection gives the same result when it is repeated', async () => {
    await using other = await makeScene(user, USUAL);
    const { make, collect, note } = await around(other);
    await make();
    const before = await readFile(note, 'utf8');
    await other.inside(`set -e; ${commits('One')}`);
    expect(await collect()).toMatchObject({ kind: 'moved' });
    // As if it had crashed after the branch was moved.
    await writeFile(note, before);
    await other.outside('git -C "$WORKTREE" read-tree main');
    expect(await collect()).toMatchObject({ kind: 'moved' });
    expect(await other.outside('git -C "$WORKTREE" status --porcelain')).toBe('');
  });
});

/** One commit with a new file for each name. */
function commits(...names: readonly string[]): string {
  return names
    .map((name) => `date +%s.%N >${name}.txt; git add ${name}.txt; git commit -qm ${name}`)
    .join('; ');
}
