import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { leftBehindByFetched } from '../../../../src/extensions/pool/states/left-behind.ts';
import {
  keptState,
  PoolStates,
  publishedCommit,
} from '../../../../src/extensions/pool/states/pool-states.ts';
import { restoreCopy } from '../../../../src/extensions/pool/states/restore-state.ts';
import { commitState } from '../../../../src/extensions/pool/states/state-commit.ts';
import { hostOf } from '../../../support/board-contract.ts';
import { checkpointScene } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';
import { type PoolScene, poolScene } from '../../../support/pool-scene.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const optionsOf = ({ mainRepo: cwd, here }: PoolScene) => ({ cwd, baseEnv: here.repo.env });
const ID = sessionFileSample().id;
const read = (scene: PoolScene, state: string, { id = ID, author = 'host-a' } = {}) =>
  new PoolStates({ git: optionsOf(scene), hostInfo: hostOf(0, []), clock: systemClock }).read({
    id,
    state,
    author,
  });

test.concurrent('a state keeps branch and history', ci, async () => {
  await using scene = await poolScene();
  const first = await scene.publish();
  const second = await scene.publish({ epoch: 4 });
  const { manifest } = await read(scene, second);
  expect(manifest).toEqual(scene.plan().manifest);
  expect((await scene.git('log', '-1', '--format=%P', second)).split(' ')).toEqual([first, manifest.head]);
});

test.concurrent('the work that stays elsewhere is known of each state that was fetched', async () => {
  await using scene = await poolScene();
  expect([...(await leftBehindByFetched(optionsOf(scene)))]).toEqual([]);
  await scene.publish({ left: { on: 'anna', files: [{ path: 'new.bin', bytes: 51 * 1024 * 1024 }] } });
  const sentence = 'new.bin (51 MB) stays on anna: it is larger than 50 MB.';
  const { id } = scene.plan().manifest;
  expect([...(await leftBehindByFetched(optionsOf(scene)))]).toEqual([[id, [sentence]]]);
});

test.concurrent('what a worker kept is found by its ref', async () => {
  await using scene = await poolScene();
  const ref = stateRef(refNameOf(sessionFileSample()));
  const options = { cwd: scene.here.repo.path, baseEnv: scene.here.repo.env };
  expect(await keptState(ref, options)).toBeUndefined();
  await scene.publish();
  expect((await keptState(ref, options))?.kept).toMatchObject({
    n: 2,
    lease: 4,
    head: scene.plan().manifest.head,
  });
});

test.concurrent('a row that names the state of another session, or of another machine than wrote it, is refused', async () => {
  await using scene = await poolScene();
  const commit = await scene.publish();
  const malformed = (why: string) => ({ code: 'state_malformed', message: expect.stringContaining(why) });
  const id = '01KB0000000000000000000000';
  await expect(read(scene, commit, { id })).rejects.toMatchObject(malformed('the state of another session'));
  await expect(read(scene, commit, { author: 'host-b' })).rejects.toMatchObject(
    malformed('made by host-a, and host-b recorded it'),
  );
});

test.concurrent('a replacement of the commit in this repository is not read', async () => {
  await using scene = await poolScene();
  const first = await scene.publish();
  const second = await scene.publish({ epoch: 4 });
  await scene.git('replace', second, first);
  expect((await read(scene, second)).manifest.epoch).toBe(4);
});

test.concurrent('a state of a newer samocode, or of none, is refused by name', async () => {
  await using scene = await poolScene();
  const state = await scene.publish();
  const { manifest } = scene.plan();
  const make = (said: object) => publishedCommit({ state, manifest: said as never }, optionsOf(scene));
  await expect(read(scene, await make({ ...manifest, v: 2 }))).rejects.toMatchObject({ code: 'state_newer' });
  await expect(read(scene, await make({ v: 1 }))).rejects.toMatchObject({ code: 'state_malformed' });
  const outside = await make({ ...manifest, folder: '../elsewhere' });
  await expect(read(scene, outside)).rejects.toMatchObject({ code: 'state_malformed' });
});

/** A tree with this one entry, made without git's own checks. */
async function treeWith(
  { git, mainRepo }: PoolScene,
  mode: string,
  oid: string,
  name: string,
): Promise<string> {
  const entry = Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
  await writeFile(join(mainRepo, 'entry'), entry);
  return await git('hash-object', '-t', 'tree', '-w', '--literally', 'entry');
}

type Hostile = (scene: PoolScene, blob: string) => Promise<[part: string, tree: string]>;

test.concurrent.each<[string, Hostile]>([
  [
    'a name that leads out of the folder',
    async (scene, blob) => [
      'session',
      await treeWith(scene, '40000', await treeWith(scene, '100644', blob, 'x'), '..'),
    ],
  ],
  [
    'a git folder',
    async (scene, blob) => [
      'session',
      await treeWith(scene, '40000', await treeWith(scene, '100644', blob, 'config'), '.GIT'),
    ],
  ],
  [
    'a link in the run folder',
    async (scene, blob) => ['run', await treeWith(scene, '120000', blob, 'events.jsonl')],
  ],
  [
    'a link among the documents',
    async (scene, blob) => ['session', await treeWith(scene, '120000', blob, '_qa.md')],
  ],
  [
    'a lease',
    async (scene, blob) => [
      'run',
      await treeWith(scene, '40000', await treeWith(scene, '100644', blob, '1.json'), 'leases'),
    ],
  ],
  ['a repository', async (scene, blob) => ['logs', await treeWith(scene, '160000', blob, 'sub')]],
])('a state with %s is not restored', async (_, hostile) => {
  await using scene = await poolScene();
  await scene.publish();
  await writeFile(join(scene.mainRepo, 'text'), '/etc/passwd');
  const [part, tree] = await hostile(scene, await scene.git('hash-object', '-w', 'text'));
  const whole = await treeWith(scene, '40000', tree, part);
  const commit = await publishedCommit({ state: whole, manifest: scene.plan().manifest }, optionsOf(scene));
  await read(scene, commit);
  const restoring = restoreCopy({ ...scene.plan(), commit });
  await expect(restoring).rejects.toMatchObject({ code: 'state_malformed' });
  await expect(stat(scene.there.runDir)).rejects.toThrow('ENOENT');
});

test.concurrent('a state with a file of 65 MB is not restored', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await writeFile(join(scene.mainRepo, 'huge'), Buffer.alloc(65 * 1024 * 1024));
  const blob = await scene.git('hash-object', '-w', 'huge');
  const whole = await treeWith(scene, '40000', await treeWith(scene, '100644', blob, 'huge.md'), 'session');
  const commit = await publishedCommit({ state: whole, manifest: scene.plan().manifest }, optionsOf(scene));
  await expect(restoreCopy({ ...scene.plan(), commit })).rejects.toMatchObject({ code: 'state_malformed' });
});

test('a state for another machine has documents of any name, and nothing that a crash left behind', async () => {
  const { repo, place, sessionDir, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  const names = ['a "quoted".md', 'git~1', 'größe.md', 'plan.md'];
  for (const name of names) await writeFile(join(sessionDir, name), name);
  const { worktreeTree } = await keep(1);
  const store = await openStore(place);
  const card = { status: 'running', phase: 'planning', iteration: 1, at: '2026-01-08T10:00:00.000Z' };
  const kept = { ...card, id: 'x', folder: 'x', branch: 'x', n: 2, lease: 4 };
  const files = (list: readonly string[]) =>
    list.map((name) => [`session/${name}`, join(sessionDir, name)] as const);
  const { sessionFolder } = place;
  await commitState(store, { sessionFolder, worktreeTree, files: files(names), kept });
  await writeFile(join(store.dir, 'state.index.lock'), '');
  await commitState(store, { sessionFolder, files: files(names.slice(1)), kept });
  const ref = stateRef(sessionFolder);
  const listed = (await repo.git(['ls-tree', '-r', '-z', '--name-only', `${ref}:session`])).split('\0');
  expect(listed.filter(Boolean).sort()).toEqual(names.slice(1).sort());
  expect(await filesOf(`${ref}^:worktree`)).toEqual(['.gitignore', 'a.txt']);
});
