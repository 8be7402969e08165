import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepCheckpoint } from '../../../../../src/core/project/checkpoints/checkpoint.ts';
import { type CheckpointScene, checkpointScene } from '../../../../support/checkpoint-scene.ts';
import { ci } from '../../../../support/ci.ts';

type Deed =
  | { does: 'write'; path: string; text: string; executable: boolean }
  | { does: 'remove'; path: string }
  | { does: 'link'; path: string }
  | { does: 'move'; path: string; to: string }
  | { does: 'oldTime'; path: string }
  | { does: 'commit' }
  | { does: 'document'; text: string };

// Few names and few texts of one length: the same bytes recur, and sizes reveal nothing.
const path = fc
  .array(fc.constantFrom('a', 'b', 'ü', 'q"\n'), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'));
const text = fc.constantFrom('one', 'two', 'six');

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('write' as const), path, text, executable: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('remove' as const), path }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('link' as const), path }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('move' as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('oldTime' as const), path }) },
  { weight: 1, arbitrary: fc.constant({ does: 'commit' as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('document' as const), text }) },
);

// An operation that is obstructed is skipped, as an agent would.
const stumble = () => undefined;

async function act({ repo, worktreePath, sessionDir }: CheckpointScene, deed: Deed): Promise<unknown> {
  const at = (name: string) => join(worktreePath, name);
  switch (deed.does) {
    case 'write':
      await mkdir(dirname(at(deed.path)), { recursive: true }).catch(stumble);
      await writeFile(at(deed.path), deed.text).catch(stumble);
      return await chmod(at(deed.path), deed.executable ? 0o755 : 0o644).catch(stumble);
    case 'remove':
      return await rm(at(deed.path), { recursive: true, force: true }).catch(stumble);
    case 'link':
      return await symlink('a', at(deed.path)).catch(stumble);
    case 'move':
      return await rename(at(deed.path), at(deed.to)).catch(stumble);
    case 'oldTime':
      return await utimes(at(deed.path), 1_000_000_000, 1_000_000_000).catch(stumble);
    case 'commit':
      await repo.git(['add', '-A'], worktreePath).catch(stumble);
      return await repo.git(['commit', '-q', '-m', 'Work'], worktreePath).catch(stumble);
    case 'document':
      return await writeFile(join(sessionDir, '_qa.md'), deed.text);
    default:
      return deed satisfies never;
  }
}

test('an incremental checkpoint equals one that reads everything', { ...ci, timeout: 600_000 }, async () => {
  const runs = fc.array(fc.array(deed, { maxLength: 5 }), { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(runs, async (iterations) => {
      const scene = await checkpointScene({ files: { 'a/b': 'one', b: 'two' } });
      await using _ = scene.repo;
      await scene.keep(1);
      for (const [index, deeds] of iterations.entries()) {
        for (const each of deeds) await act(scene, each);
        const { worktreeTree, sessionTree } = await scene.keep(index + 2);
        const afresh = await keepCheckpoint({
          ...scene.place,
          storeDir: join(scene.repo.root, `store-${index}`),
          sessionFolder: 'afresh',
          moment: { kind: 'after', iteration: index },
        });
        expect({ worktreeTree, sessionTree }).toEqual({
          worktreeTree: afresh.worktreeTree,
          sessionTree: afresh.sessionTree,
        });
      }
    }),
    { numRuns: Number(process.env.SAMOCODE_PROPERTY_RUNS ?? 6), endOnFailure: true },
  );
});
