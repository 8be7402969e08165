// @module-tag ci
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registerSessions } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { Scan } from '../../../../src/core/supervisor/scan.ts';
import { newSupervisor } from '../../../../src/core/supervisor/supervisor.ts';
import { HELD_PARTS } from '../../../../src/extensions/held/supervisor-part.ts';
import { BRANCH, heldScene, mergedHere, mergedOnForge, numbers } from './held-scene.ts';

type Scene = Awaited<ReturnType<typeof heldScene>>;

const rebase = async ({ repo }: Scene) => {
  await repo.git(['switch', '-q', '--detach', BRANCH]);
  await repo.git(['rebase', '-q', 'main']);
  const rebased = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['switch', '-q', 'main']);
  await repo.git(['merge', '-q', '--ff-only', rebased]);
};
const squash = async ({ repo }: Scene) => {
  await repo.git(['merge', '-q', '--squash', BRANCH]);
  return await repo.commit('Boats (#7)');
};
const merge = async ({ repo }: Scene) => {
  await repo.git(['merge', '-q', '--no-ff', '-m', 'Merge boats', BRANCH]);
  return await repo.git(['rev-parse', 'HEAD']);
};
const other = async ({ repo }: Scene) => await repo.commit('Other', { 'dock.txt': `zero\n${numbers(1, 9)}` });

/** The branch is deleted where the log alone knows of the merge. */
const WAYS: [string, (scene: Scene) => Promise<unknown>][] = [
  [
    'a fast-forward by hand',
    async ({ repo, session }) => {
      await session();
      await repo.git(['merge', '-q', '--ff-only', BRANCH]);
    },
  ],
  [
    'a merge by hand',
    async (scene) => {
      await scene.session();
      await other(scene);
      await merge(scene);
    },
  ],
  [
    'a squash by hand',
    async (scene) => {
      await scene.session();
      await other(scene);
      await squash(scene);
    },
  ],
  [
    'a rebase by hand',
    async (scene) => {
      await scene.session();
      await other(scene);
      await rebase(scene);
    },
  ],
  [
    'a merge by samocode',
    async (scene) => {
      await other(scene);
      await scene.session([mergedHere(await merge(scene))]);
    },
  ],
  [
    'a squash on the forge',
    async (scene) => {
      await other(scene);
      await scene.session([mergedOnForge(await squash(scene))]);
      await scene.repo.git(['branch', '-q', '-D', BRANCH]);
    },
  ],
  [
    'a rebase on the forge',
    async (scene) => {
      await other(scene);
      await rebase(scene);
      await scene.session([mergedOnForge(await scene.repo.git(['rev-parse', 'main']))]);
    },
  ],
];

test.each(WAYS)(
  'after %s, commits count that change lines of the session, whoever their author',
  async (_, land) => {
    await using scene = await heldScene();
    const { repo } = scene;
    await land(scene);
    expect(await scene.look()).toBe('held to DATE');
    const dock = `${await repo.git(['show', 'main:dock.txt'])}\n`;
    await repo.commit('Elsewhere', {
      'dock.txt': `above\n${dock.replace('9\n', 'nine\n')}`,
      'new.txt': 'x\n',
    });
    await repo.git(['mv', 'dock.txt', 'docks.txt']);
    await repo.commit('Renamed');
    await repo.commit('Between', { 'hull.txt': 'one\ninserted\ntwo\nthree\n' });
    scene.later();
    expect(await scene.look()).toBe('held to DATE');
    await repo.commit('Repaired', {
      'docks.txt': `above\n${dock.replace('9\n', 'nine\n').replace('mast', 'a mast')}`,
    });
    await repo.commit('Hull again', { 'hull.txt': 'one\ninserted\n2\nthree\n' });
    scene.later();
    expect(await scene.look()).toBe('changed afterwards by 2 commits: “Repaired” “Hull again”, as of DATE');
  },
);

test('commits that were not there at a look are found by the next one, which is due after a day', async () => {
  await using scene = await heldScene();
  await scene.session();
  await merge(scene);
  await scene.look();
  await scene.repo.commit('Repaired', { 'hull.txt': 'ONE\ntwo\nthree\n' });
  expect(await scene.look()).toBe('held to DATE');
  scene.later();
  expect(await scene.look()).toBe('changed afterwards by 1 commit: “Repaired”, as of DATE');
});

test.each<[string, (scene: Scene) => Promise<unknown>, string]>([
  [
    'a commit of its branch',
    async (scene) => {
      await merge(scene);
      await scene.repo.git(['revert', '--no-edit', scene.tip]);
    },
    'reverted by “Revert "Sail"”, as of DATE',
  ],
  [
    'its squash',
    async (scene) => {
      await scene.repo.git(['revert', '--no-edit', await squash(scene)]);
    },
    'reverted by “Revert "Boats (#7)"”, as of DATE',
  ],
  [
    'its pull request, as the forge words it',
    async (scene) => {
      await scene.session([mergedOnForge(await squash(scene))]);
      await scene.repo.git(['revert', '--no-commit', 'HEAD']);
      await scene.repo.git(['commit', '-q', '-m', 'Taken back', '-m', 'Reverts o/boats#7']);
    },
    'reverted by “Taken back”, as of DATE',
  ],
  [
    'its merge, and that revert',
    async (scene) => {
      await scene.repo.git(['revert', '--no-edit', '-m', '1', await merge(scene)]);
      await scene.repo.git(['revert', '--no-edit', 'HEAD']);
    },
    'held to DATE',
  ],
])('a revert of %s is named', async (_, act, text) => {
  await using scene = await heldScene();
  await scene.session();
  await act(scene);
  expect(await scene.look()).toBe(text);
});

test('a merge of others counts as one commit, from whichever side it was made', async () => {
  await using scene = await heldScene();
  const { repo } = scene;
  await scene.session();
  await repo.git(['switch', '-q', '-c', 'feature']);
  await repo.commit('Feature', { 'feature.txt': 'x\n' });
  await repo.git(['switch', '-q', 'main']);
  await merge(scene);
  await repo.git(['switch', '-q', 'feature']);
  await repo.git(['merge', '-q', '-m', 'Main into feature', 'main']);
  await repo.git(['branch', '-f', 'main', 'feature']);
  expect(await scene.look()).toBe('held to DATE');
  await repo.git(['switch', '-q', '-c', 'repair']);
  await repo.commit('Two', { 'hull.txt': 'one\n2\nthree\n' });
  await repo.commit('Three', { 'hull.txt': 'one\n2\n3\n' });
  await repo.git(['switch', '-q', 'main']);
  await repo.git(['merge', '-q', '--no-ff', '-m', 'Merge repair', 'repair']);
  scene.later();
  expect(await scene.look()).toBe('changed afterwards by 1 commit: “Merge repair”, as of DATE');
});

test('a base whose history was rewritten cannot be followed', async () => {
  await using scene = await heldScene();
  const { repo } = scene;
  await scene.session([mergedHere(await merge(scene))]);
  await scene.look();
  await repo.git(['reset', '-q', '--hard', scene.base]);
  await repo.commit('Another history', { 'x.txt': 'x\n' });
  scene.later();
  expect(await scene.look()).toBe('cannot be followed');
});

test('a base on a remote is counted to the last fetch, and a merge that was not fetched is not looked at', async () => {
  await using scene = await heldScene();
  const { repo } = scene;
  const remote = join(repo.root, 'remote');
  await repo.git(['clone', '-q', repo.path, remote]);
  await repo.git(['remote', 'add', 'origin', remote]);
  await repo.git(['config', 'user.name', 'Other'], remote);
  await repo.git(['config', 'user.email', 'o@example.invalid'], remote);
  await repo.git(['fetch', '-q', 'origin']);
  await repo.git(['merge', '-q', '--no-ff', '-m', 'On the forge', `origin/${BRANCH}`], remote);
  await scene.session([mergedOnForge(await repo.git(['rev-parse', 'HEAD'], remote))]);
  expect(await scene.look()).toBeUndefined();
  await repo.git(['fetch', '-q', 'origin']);
  scene.later();
  expect(await scene.look()).toBe('held to DATE (last fetch)');
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Not fetched'], remote);
  scene.later(2);
  await scene.look();
  const fetched = (await scene.record())?.to ?? '';
  expect(Date.parse(fetched)).toBeLessThan(Date.now() + 1000);
  await utimes(join(repo.path, '.git/FETCH_HEAD'), 1, 1);
});

test('nothing is looked at once seven days are over, which the last look fills', async () => {
  await using scene = await heldScene();
  const { repo } = scene;
  await scene.session();
  await merge(scene);
  scene.later(20);
  await repo.commit('Repaired', { 'hull.txt': 'ONE\ntwo\nthree\n' });
  expect(await scene.look()).toBe('changed afterwards by 1 commit: “Repaired”, as of DATE');
  const { since = '', to = '', lines } = (await scene.record()) ?? {};
  expect(Date.parse(to) - Date.parse(since)).toBe(7 * 24 * 3_600_000);
  expect(lines).toBeUndefined();
  await repo.commit('Again', { 'hull.txt': 'ONE\nTWO\nthree\n' });
  scene.later(2);
  expect(await scene.look()).toBe('changed afterwards by 1 commit: “Repaired”, as of DATE');
});

test.each<[string, (scene: Scene) => void]>([
  ['2,000 commits', ({ commits }) => commits(2100)],
  ['5 seconds', ({ slowedBy }) => slowedBy(5000)],
])('after %s a look ends, which is said, and the next one goes on there', async (_, limit) => {
  await using scene = await heldScene();
  await scene.session([mergedHere(await merge(scene))]);
  limit(scene);
  expect(await scene.look()).toMatch(/not followed further$/);
  scene.slowedBy(0);
  await scene.repo.git(['reset', '-q', '--hard']);
  await scene.repo.commit('Repaired', { 'hull.txt': 'ONE\ntwo\nthree\n' });
  scene.later();
  expect(await scene.look()).toBe('changed afterwards by 1 commit: “Repaired”, as of DATE');
});

test('what a session took back itself is no revert', async () => {
  await using scene = await heldScene();
  const { repo } = scene;
  await repo.git(['switch', '-q', BRANCH]);
  await repo.git(['revert', '--no-edit', 'HEAD']);
  await repo.git(['switch', '-q', 'main']);
  await scene.session();
  await repo.git(['merge', '-q', '--squash', BRANCH]);
  await repo.commit(await repo.git(['log', '--format=%B', `main..${BRANCH}`]));
  expect(await scene.look()).toBe('held to DATE');
});

test('lines are followed in files with any name and any content, and when the name changes', async () => {
  await using scene = await heldScene();
  const { repo } = scene;
  const odd = 'a "b"\tü é.txt';
  await repo.git(['switch', '-q', BRANCH]);
  const lines = ['-- a/x', '++ b/y', '@@ -1 +1 @@', 'diff --git a b', ...numbers(1, 20).split('\n')];
  await repo.commit('Odd', { [odd]: lines.join('\n').trimEnd() });
  await repo.git(['switch', '-q', 'main']);
  await scene.session([mergedHere(await merge(scene))]);
  expect(await scene.look()).toBe('held to DATE');
  await repo.git(['mv', odd, 'plain name.txt']);
  await repo.commit('Renamed', { 'plain name.txt': ['above', ...lines].join('\n').trimEnd() });
  scene.later();
  const later = await scene.look();
  await repo.commit('Minus', { 'plain name.txt': ['above', '-- z', ...lines.slice(1)].join('\n').trimEnd() });
  scene.later();
  expect([later, await scene.look()]).toEqual([
    'held to DATE',
    'changed afterwards by 1 commit: “Minus”, as of DATE',
  ]);
});

test('a supervisor looks, and does not stay for it', async () => {
  await using scene = await heldScene();
  await scene.session();
  await merge(scene);
  const supervisor = newSupervisor(scene.context, () => undefined);
  await registerSessions(supervisor.paths, scene.sessionsDir, supervisor.clock);
  const scan = new Scan(supervisor);
  await scan.read();
  const [part] = HELD_PARTS.map((newPart) => newPart(supervisor, scan));
  await part?.poll();
  await part?.end();
  expect(part?.keepsAlive()).toBe(false);
  expect((await scene.record())?.merged).toHaveLength(1);
});

test('a session that is not merged has nothing to follow', async () => {
  await using scene = await heldScene();
  await scene.session();
  await scene.repo.commit('Other', { 'x.txt': 'x\n' });
  expect(await scene.look()).toBeUndefined();
});
