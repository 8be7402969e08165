// @module-tag ci
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prune } from '../../../../../src/core/acts/clean-up/prune.act.ts';
import { sessionWorktrees } from '../../../../../src/core/acts/clean-up/worktrees.act.ts';
import { checksOnClone } from '../../../../../src/core/acts/proof/checks-on-clone.ts';
import { makeServerRig, type ServerRig } from '../../../../app/unit/server/server-rig.ts';
import { ARCHIVED, CREATED, DONE, LEFT, PREPARED } from '../../../unit/session/events.ts';

const FOLDER = '26-01-08-boat';

const pruneAll = async ({ repo, context }: ServerRig) =>
  await prune({ remove: true, days: 0, projectDir: repo.path }, context);

test('prune removes nothing behind a link that an agent left in place of its logs', async () => {
  await using serverRig = await makeServerRig();
  const { sessionDir, logs } = await serverRig.addSession(FOLDER, [CREATED, PREPARED, DONE]);
  const precious = join(serverRig.repo.path, 'precious');
  await mkdir(precious);
  await writeFile(join(precious, 'letter.txt'), 'Dear');
  await symlink(precious, logs);
  expect(await readdir(sessionDir)).toContain('_logs');
  expect((await pruneAll(serverRig)).found).toEqual([]);
  expect(await readdir(precious)).toEqual(['letter.txt']);
});

test('a session that ended long ago but was archived recently is kept whole', async () => {
  await using serverRig = await makeServerRig();
  const { iterations } = await serverRig.addSession(FOLDER, [CREATED, PREPARED, DONE, ARCHIVED, LEFT], {
    startMs: 0,
  });
  await mkdir(join(iterations, '001'), { recursive: true });
  const { context, repo } = serverRig;
  expect((await prune({ remove: false, days: 1, projectDir: repo.path }, context)).found).toEqual([]);
  const all = await prune({ remove: false, days: 0, projectDir: repo.path }, context);
  expect(all.found.map(({ kind }) => kind)).toEqual(['iterations']);
});

test('checks that a person repeats keep their clone while they run, and the clone of a process that is gone is removed', async () => {
  await using serverRig = await makeServerRig();
  const { repo, context, worktreesDir } = serverRig;
  for (const left of ['_checks/checks-999999999-left', '.checks/26-01-08-before'])
    await mkdir(join(worktreesDir, left), { recursive: true });
  const commit = await repo.git(['rev-parse', 'HEAD']);
  const gate = join(repo.root, 'gate');
  const checks = [`until test -e '${gate}'; do sleep 0.05; done; test -e README.md`];
  let resolve = () => {};
  const begun = new Promise<void>((done) => {
    resolve = done;
  });
  const running = checksOnClone(
    { mainRepo: repo.path, worktreesDir, git: { baseEnv: context.env }, guard: undefined },
    {
      ...{ commit, branch: 'main', base: commit, commands: checks, asWorktree: true },
      proving: { copy: [], timeoutMs: 60_000 },
    },
    context,
    {
      signal: new AbortController().signal,
      begins: resolve,
      cloneFailed: (problem) => new Error(problem),
    },
  );
  await begun;
  const { removed } = await pruneAll(serverRig);
  await writeFile(gate, '');
  expect((await running).runs).toMatchObject([{ exitCode: 0 }]);
  expect(removed.map(({ name }) => name)).toEqual(['checks-999999999-left', '26-01-08-before']);
});

test('worktrees --prune removes that of a vanished session, and none that a person or a check made', async () => {
  await using serverRig = await makeServerRig();
  const { repo, context, worktreesDir } = serverRig;
  const add = async (name: string) => {
    const path = join(worktreesDir, name);
    await repo.git(['worktree', 'add', '-q', '--detach', path]);
    return path;
  };
  const checks = ['_checks/26-01-03-x/full', '.checks/26-01-03-y/full'];
  const paths: string[] = [];
  // One after the other: git reads a worktree that another git is just adding.
  for (const name of ['by-hand', '26-01-01-gone', '26-01-02-away', ...checks]) paths.push(await add(name));
  const [byHand, vanished, discarded, check] = paths;
  const id = '01hzzzzzzzzzzzzzzzzzzzzzzz';
  await repo.git(['update-ref', `refs/samocode/26-01-01-gone-${id}/000`, 'HEAD']);
  await repo.git(['update-ref', `refs/samocode/_trash/26-01-02-away-${id}-2`, 'HEAD']);
  const { removed, worktrees } = await sessionWorktrees({ prune: true, projectDir: repo.path }, context);
  expect(removed.sort()).toEqual([vanished, discarded]);
  expect(worktrees).toMatchObject([{ path: byHand, kept: 'no record says that samocode made it' }]);
  expect([byHand, check, vanished].map((path) => existsSync(path ?? ''))).toEqual([true, true, false]);
});
