import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { commitState } from '../../../../src/extensions/pool/states/state-commit.ts';
import { checkpointScene } from '../../../support/checkpoint-scene.ts';

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
