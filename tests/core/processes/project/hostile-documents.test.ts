// @module-tag ci
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Checkpoint } from '../../../../src/core/project/checkpoints/checkpoint.ts';
import { openStore } from '../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { documentsIn } from '../../../../src/core/project/checkpoints/take-files.ts';
import { type CheckpointScene, checkpointScene } from '../../../support/checkpoint-scene.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';

async function documentsOf({ sessionTree }: Checkpoint, place: CheckpointScene['place']) {
  return await documentsIn(await openStore(place), sessionTree);
}

test('documents whose names differ only in case are both kept, whatever the repository sets', async () => {
  const { repo, sessionDir, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await repo.git(['config', 'core.ignorecase', 'true']);
  for (const name of ['Notes.md', 'notes.md']) await writeFile(join(sessionDir, name), `${name}\n`);
  const { commit } = await keep(1);
  expect(await filesOf(`${commit}:session`)).toEqual(expect.arrayContaining(['Notes.md', 'notes.md']));
});

test('documents whose objects were lost with their refs are kept again', async () => {
  const { repo, sessionDir, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(sessionDir, 'plan.md'), 'a plan\n');
  await keep(1);
  await repo.git(['update-ref', '-d', 'refs/samocode/26-01-08-x/001']);
  await repo.git(['gc', '-q', '--prune=now']);
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  const { commit } = await keep(2);
  expect(await filesOf(`${commit}:session`)).toContain('plan.md');
  expect(await repo.git(['show', `${commit}:session/plan.md`])).toBe('a plan');
});

test('large documents with a carriage return in the name have their own bytes', async () => {
  const { repo, sessionDir, place, keep } = await checkpointScene();
  await using _ = repo;
  const large = (byte: number) => Buffer.alloc(1024 * 1024 + 1, byte);
  await writeFile(join(sessionDir, 'big'), large(1));
  await writeFile(join(sessionDir, 'big\r'), large(2));
  const documents = await documentsOf(await keep(1), place);
  const ids = ['big', 'big\r'].map((name) => documents.find((each) => each.name === name)?.id);
  expect(new Set(ids)).toHaveProperty('size', 2);
  expect(ids).not.toContain(undefined);
});

test('documents of more than 32 MB in all are kept like few', async () => {
  const { repo, sessionDir, place, keep } = await checkpointScene();
  await using _ = repo;
  for (let at = 0; at < 40; at += 1)
    await writeFile(join(sessionDir, `${at}.bin`), Buffer.alloc(1024 * 1024, at));
  const documents = await documentsOf(await keep(1), place);
  expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length);
});

test('folders that cannot be read or are nested too deeply prevent no checkpoint, and are named', async () => {
  const { repo, sessionDir, keep } = await checkpointScene();
  await using _ = repo;
  const nested =
    "for (let i = 0; i < 30; i++) { fs.mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); }";
  execFileSync(process.execPath, ['-e', nested], { cwd: sessionDir });
  await mkdir(join(sessionDir, 'closed'), { mode: 0 });
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534', repo.root]);
  const { skipped } = await asOrdinaryUser(() => keep(1));
  expect(skipped).toContain(join(sessionDir, 'closed/'));
  expect(skipped.some((name) => name.includes('dddd'))).toBe(true);
  execFileSync('rm', ['-rf', sessionDir]);
});
