// @module-tag ci
import { expect, test } from 'vitest';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { workBelow } from '../../../../src/core/worker/iteration/prepare.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { CREATED, PREPARED, writeEvents } from '../../unit/session/events.ts';

/** A session whose branch has one commit on top of another branch; `before` runs once that is there. */
async function scene(events: readonly object[] = [], base = 'main') {
  const [repo, dir] = await Promise.all([makeRepo(), tempDir()]);
  const began = await repo.git(['rev-parse', 'main']);
  const commitOn = async (branch: string, from: string) => {
    await repo.git(['switch', '-q', '-c', branch, from]);
    const commit = await repo.commit('Work', { [`${branch.replace('/', '-')}.txt`]: 'x\n' });
    await repo.git(['switch', '-q', 'main']);
    return commit;
  };
  const persons = await commitOn('release', 'main');
  const work = await commitOn('samocode/boats', base);
  const baseCommit = await repo.git(['rev-parse', base]);
  const worktree = { path: repo.root, branch: 'samocode/boats', base, baseCommit };
  const prepared = { ...PREPARED, worktree, baseRef: `refs/heads/${base}` } as NewEvent;
  const paths = sessionPaths(dir.path, '26-01-08-boats');
  await writeEvents(paths, [CREATED, prepared, ...(events as NewEvent[])], undefined, {
    mainRepo: repo.path,
  });
  const host = await systemHost();
  const file = { folder: '26-01-09-flags', mainRepo: repo.path, sessionsDir: dir.path };
  const worker = { file, host, git: { context: { baseEnv: repo.env } } } as unknown as Parameters<
    typeof workBelow
  >[0];
  return {
    ...{ repo, work, began, persons, baseCommit },
    below: (commit: string) => workBelow(worker, commit),
    async [Symbol.asyncDispose]() {
      for (const each of [repo, dir]) await each[Symbol.asyncDispose]();
    },
  };
}

test('a base that is unmerged work of a session is judged from where that work began', async () => {
  await using it = await scene([], 'release');
  expect(await it.below(it.work)).toEqual({ session: '26-01-08-boats', commit: it.persons });
});

test('a branch of a person is its own judge, also where a session works on it', async () => {
  await using it = await scene([], 'release');
  expect([await it.below(it.persons), await it.below(it.began)]).toEqual([undefined, undefined]);
});

test('work of a session is believed once a person has merged it, by git alone too', async () => {
  await using it = await scene();
  await it.repo.git(['merge', '-q', '--no-edit', 'samocode/boats']);
  expect(await it.below(it.work)).toBeUndefined();
});

test('a session whose branch is gone leaves nothing to judge', async () => {
  await using it = await scene();
  await it.repo.git(['branch', '-q', '-D', 'samocode/boats']);
  expect(await it.below(it.work)).toBeUndefined();
});
