import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { fingerprintOf, hostKey } from '../../../../src/extensions/pool/members/host-keys.ts';
import { leftBehindByFetched } from '../../../../src/extensions/pool/states/left-behind.ts';
import {
  keptState,
  publishedCommit,
  verifyState,
} from '../../../../src/extensions/pool/states/pool-states.ts';
import { restoreCopy } from '../../../../src/extensions/pool/states/restore-state.ts';
import { commitState } from '../../../../src/extensions/pool/states/state-commit.ts';
import { checkpointScene } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';
import { listOf, type PoolScene, PUBLISHED, poolScene } from '../../../support/pool-scene.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const optionsOf = ({ mainRepo: cwd, here }: PoolScene) => ({ cwd, baseEnv: here.repo.env });
const verified = (scene: PoolScene, commit: string, list = scene.list) =>
  verifyState(commit, { list, ref: PUBLISHED }, optionsOf(scene));

test.concurrent(
  'what a trusted host signed says who signed it, and keeps branch and history',
  ci,
  async () => {
    await using scene = await poolScene();
    const first = await scene.publish();
    const second = await scene.publish({ epoch: 4 });
    const { manifest, signer } = await verified(scene, second);
    expect([manifest, signer]).toEqual([scene.plan().manifest, 'host-a']);
    expect((await scene.git('log', '-1', '--format=%P', second)).split(' ')).toEqual([first, manifest.head]);
  },
);

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

test.concurrent('a state without a signature, or with that of other content, is refused', async () => {
  await using scene = await poolScene();
  const commit = await scene.publish();
  const bare = await scene.here.repo.git(['commit-tree', '-m', '{}', `${commit}^{tree}`]);
  await scene.here.repo.git(['push', '--quiet', scene.mainRepo, `${bare}:refs/tags/bare`]);
  await expect(verified(scene, bare)).rejects.toMatchObject({ code: 'state_unsigned' });
  const raw = await scene.here.repo.git(['cat-file', 'commit', commit]);
  await writeFile(join(scene.mainRepo, 'forged'), `${raw.replace('"epoch":3', '"epoch":9')}\n`);
  const forged = await scene.git('hash-object', '-t', 'commit', '-w', 'forged');
  await expect(verified(scene, forged)).rejects.toMatchObject({ code: 'state_unsigned' });
});

test.concurrent('a key that belongs to no member is refused, and so is a member’s for another host', async () => {
  await using scene = await poolScene();
  const commit = await scene.publish();
  const stranger = join(scene.here.repo.root, 'stranger');
  const { env } = scene.here.repo;
  const other = listOf({ id: 'host-b', name: 'ben', publicKey: await hostKey(stranger, env) });
  await expect(verified(scene, commit, other)).rejects.toMatchObject({ code: 'state_untrusted' });
  const manifest = { ...scene.plan().manifest, host: 'host-b', hostName: 'ben' };
  const posing = await publishedCommit({ state: commit, manifest }, scene.keyPath, optionsOf(scene));
  await expect(verified(scene, posing)).rejects.toMatchObject({ code: 'state_malformed' });
});

test.concurrent('of a removed member, only the state counts that was recorded for its ref', async () => {
  await using scene = await poolScene();
  const commit = await scene.publish();
  const later = await scene.publish();
  const [{ id, name, publicKey, by }] = scene.list.members as [(typeof scene.list.members)[0]];
  const tips = { [PUBLISHED.slice('refs/samocode/pool/'.length)]: commit };
  const record = { id, name, publicKey, by, at: '2026-01-08T10:00:00.000Z', tips };
  const list = { ...scene.list, members: [], removed: [record] };
  expect(await verified(scene, commit, list)).toMatchObject({ signer: 'host-a' });
  await expect(verified(scene, later, list)).rejects.toMatchObject({ code: 'state_after_removal' });
  const elsewhere = { list, ref: 'refs/samocode/pool/sessions/other' };
  await expect(verifyState(commit, elsewhere, optionsOf(scene))).rejects.toMatchObject({
    code: 'state_after_removal',
  });
});

test.concurrent('a state of a newer samocode, or of none, is refused by name', async () => {
  await using scene = await poolScene();
  const state = await scene.publish();
  const { manifest } = scene.plan();
  const sign = (said: object) =>
    publishedCommit({ state, manifest: said as never }, scene.keyPath, optionsOf(scene));
  await expect(verified(scene, await sign({ ...manifest, v: 2 }))).rejects.toMatchObject({
    code: 'state_newer',
  });
  await expect(verified(scene, await sign({ v: 1 }))).rejects.toMatchObject({ code: 'state_malformed' });
  const outside = await sign({ ...manifest, folder: '../elsewhere' });
  await expect(verified(scene, outside)).rejects.toMatchObject({ code: 'state_malformed' });
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
  const signed = await publishedCommit(
    { state: whole, manifest: scene.plan().manifest },
    scene.keyPath,
    optionsOf(scene),
  );
  await verified(scene, signed);
  const restoring = restoreCopy({ ...scene.plan(), commit: signed });
  await expect(restoring).rejects.toMatchObject({ code: 'state_malformed' });
  await expect(stat(scene.there.runDir)).rejects.toThrow('ENOENT');
});

test.concurrent('a state with a file of 65 MB is not restored', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await writeFile(join(scene.mainRepo, 'huge'), Buffer.alloc(65 * 1024 * 1024));
  const blob = await scene.git('hash-object', '-w', 'huge');
  const whole = await treeWith(scene, '40000', await treeWith(scene, '100644', blob, 'huge.md'), 'session');
  const commit = await publishedCommit(
    { state: whole, manifest: scene.plan().manifest },
    scene.keyPath,
    optionsOf(scene),
  );
  await expect(restoreCopy({ ...scene.plan(), commit })).rejects.toMatchObject({ code: 'state_malformed' });
});

test.concurrent('the key of a membership is private, made once, and known by its fingerprint', async () => {
  await using scene = await poolScene();
  const { env } = scene.here.repo;
  const key = await hostKey(scene.configDir, env);
  expect(await hostKey(scene.configDir, env)).toBe(key);
  expect((await stat(scene.keyPath)).mode & 0o777).toBe(0o600);
  const { stdout } = await runCommand('ssh-keygen', ['-l', '-f', `${scene.keyPath}.pub`], { env });
  expect(stdout).toContain(` ${fingerprintOf(key)} `);
});

test.concurrent.each([
  ['git', '#!/bin/sh\necho git version 2.33.9\n', 'git_cannot_sign'],
  ['ssh-keygen', undefined, 'ssh_keygen_missing'],
])('without a fit %s no key is made, and it is said', async (name, script, code) => {
  await using scene = await poolScene();
  const bin = join(scene.here.repo.root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'git'), script ?? '#!/bin/sh\necho git version 2.50.1\n', { mode: 0o755 });
  await rm(join(bin, 'ssh-keygen'), { force: true });
  const making = hostKey(join(bin, name), { ...scene.here.repo.env, PATH: `${bin}` });
  await expect(making).rejects.toMatchObject({ code });
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
