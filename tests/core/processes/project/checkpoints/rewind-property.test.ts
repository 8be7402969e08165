import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECKPOINT_ERRORS } from '../../../../../src/core/project/checkpoints/checkpoint-errors.ts';
import { pathAt } from '../../../../../src/core/project/git/path-bytes.ts';
import { rejoinWorktree } from '../../../../../src/core/project/worktrees/rejoin-worktree.ts';
import { type CheckpointScene, checkpointScene, contentsOf } from '../../../../support/checkpoint-scene.ts';
import { ci } from '../../../../support/ci.ts';

/** What an agent may do to its worktree and its documents, including hostile clean-ups. */
type Deed =
  | { does: 'write'; path: string; text: string; executable: boolean }
  | { does: 'document'; name: string; text: string }
  | { does: 'link'; path: string; to: string }
  | { does: 'remove'; path: string }
  | { does: 'ignore'; rule: string }
  | { does: 'git'; args: readonly string[] }
  | { does: 'commit' }
  | { does: 'destroy'; what: 'worktree' | 'pointer' | 'registration' };

/** A name that is not UTF-8, as git lists it: one character for each byte. */
const NO_TEXT = 'f\xe9.dat';

// Few names, so that files, folders and links often get in each other's way.
const name = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .constantFrom('a', 'b', 'src', 'odd\nname', ' blank ', 'ünïcode', '-dash', '*.txt')
      .map((name) => Buffer.from(name).toString('latin1')),
  },
  { weight: 2, arbitrary: fc.constant(NO_TEXT) },
);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const text = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '',
    'one\r\ntwo\n',
    'one\ntwo',
    '\0\uffff',
    '$Id$\n',
    'version https://git-lfs.github.com/spec/v1\n',
  ),
);

const CLEAN_UPS: ReadonlyArray<readonly string[]> = [
  ['clean', '-fdx'],
  ['clean', '-ffdq'],
  ['reset', '--hard'],
  ['reset', '--hard', 'main'],
  ['checkout', '--detach'],
  ['checkout', '-B', 'elsewhere'],
  ['checkout', '-B', 'x'],
  ['checkout', '--orphan', 'fresh'],
  ['commit', '--amend', '--allow-empty', '-m', 'Another past'],
  ['branch', '-f', 'x', 'main'],
  ['stash', '--include-untracked'],
  ['rm', '-rfq', '--cached', '.'],
  ['gc', '--prune=now', '--quiet'],
  ['reflog', 'expire', '--expire=now', '--all'],
  ['worktree', 'prune'],
  ['pack-refs', '--all'],
  ['add', '--force', '--all'],
  ['update-index', '--assume-unchanged', 'a'],
];

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('write' as const), path, text, executable: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('document' as const),
      name: fc.constantFrom('_overview.md', '01-08-1437-plan-x.md', '_qa.md', 'a/deep.md'),
      text,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('link' as const),
      path,
      to: fc.constantFrom('/etc', '..', 'nowhere', 'a'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('remove' as const), path }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('ignore' as const),
      rule: fc.constantFrom('a', 'src/', '*.txt', '/b', '*.dat'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('git' as const), args: fc.constantFrom(...CLEAN_UPS) }),
  },
  { weight: 2, arbitrary: fc.constant({ does: 'commit' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('destroy' as const),
      what: fc.constantFrom('worktree' as const, 'pointer' as const, 'registration' as const),
    }),
  },
);

async function act(scene: CheckpointScene, deed: Deed): Promise<void> {
  const { repo, worktreePath, sessionDir } = scene;
  const inTree = (way: string) => pathAt(worktreePath, way);
  // An agent that obstructs itself (a folder where it writes a file) just continues.
  const stumble = () => undefined;
  switch (deed.does) {
    case 'write':
      await mkdir(inTree(dirname(deed.path)), { recursive: true }).catch(stumble);
      await writeFile(inTree(deed.path), deed.text).catch(stumble);
      if (deed.executable) await chmod(inTree(deed.path), 0o755).catch(stumble);
      return;
    case 'document':
      await mkdir(dirname(join(sessionDir, deed.name)), { recursive: true });
      return await writeFile(join(sessionDir, deed.name), deed.text).catch(stumble);
    case 'link':
      return await symlink(deed.to, inTree(deed.path)).catch(stumble);
    case 'remove':
      return await rm(inTree(deed.path), { recursive: true, force: true }).catch(stumble);
    case 'ignore':
      return await writeFile(inTree('.gitignore'), `ignored/\n${deed.rule}\n`).catch(stumble);
    case 'git':
      await repo.git(deed.args, worktreePath).catch(stumble);
      return;
    case 'commit':
      await repo.git(['add', '-A'], worktreePath).catch(stumble);
      await repo.git(['commit', '-q', '-m', 'Work'], worktreePath).catch(stumble);
      return;
    case 'destroy':
      if (deed.what === 'worktree') await rm(worktreePath, { recursive: true, force: true });
      if (deed.what === 'pointer') await rm(inTree('.git'), { force: true });
      if (deed.what === 'registration')
        await rm(join(repo.path, '.git/worktrees'), { recursive: true, force: true });
      return;
    default:
      return deed satisfies never;
  }
}

interface Kept {
  commit: string;
  files: Record<string, string>;
  documents: Record<string, string>;
  head: string;
}

/** What a checkpoint contains: every file that git does not ignore, and the documents. */
async function snapshot(scene: CheckpointScene): Promise<Omit<Kept, 'commit'>> {
  const { repo, worktreePath, sessionDir } = scene;
  const all = await contentsOf(worktreePath);
  return {
    files: all,
    documents: await contentsOf(sessionDir, ['_logs']),
    head: await repo.git(['rev-parse', '--verify', 'HEAD'], worktreePath).catch(() => 'none'),
  };
}

function onlyOf(files: Record<string, string>, names: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => names.has(name)));
}

async function namesIn(scene: CheckpointScene, commit: string): Promise<ReadonlySet<string>> {
  const listed = await scene.repo.git(['ls-tree', '-r', '-z', '--name-only', commit, 'worktree/']);
  return new Set(listed.split('\0').map((name) => name.replace(/^worktree\//, '')));
}

/** Files in a worktree that git would add, by the current rules. */
async function takenNow({ repo, worktreePath }: CheckpointScene): Promise<ReadonlySet<string>> {
  const listed = await repo.git(
    ['ls-files', '-t', '-z', '--cached', '--others', '--exclude-standard'],
    worktreePath,
  );
  // A tag precedes each name, so that a leading space is kept.
  return new Set(
    listed
      .split('\0')
      .filter(Boolean)
      .map((entry) => entry.slice(2)),
  );
}

/** @returns undefined if a person must act first: the branch was checked out in the main checkout */
async function endIteration(scene: CheckpointScene, iteration: number): Promise<Kept | undefined> {
  const { mainRepo, worktreePath, branch, baseEnv } = scene.place;
  const baseCommit = await scene.repo.git(['rev-parse', 'main']);
  try {
    await rejoinWorktree({ mainRepo, worktreePath, branch, baseCommit, baseEnv });
  } catch (error) {
    if (CHECKPOINT_ERRORS.branch_elsewhere.is(error)) return undefined;
    throw error;
  }
  const { commit } = await scene.keep(iteration);
  return { commit, ...(await snapshot(scene)) };
}

test('any iteration of any run can be rewound byte for byte, and the rewind undone', {
  ...ci,
  timeout: 600_000,
}, async () => {
  const run = fc.array(fc.array(deed, { maxLength: 6 }), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(run, fc.nat(), async (iterations, pick) => {
      const scene = await checkpointScene();
      await using _ = scene.repo;
      const kept: Kept[] = [];
      for (const [index, deeds] of iterations.entries()) {
        for (const each of deeds) await act(scene, each);
        const ended = await endIteration(scene, index + 1);
        fc.pre(ended !== undefined);
        kept.push(ended);
      }
      const target = kept[pick % kept.length];
      const last = kept.at(-1);
      if (!target || !last) throw new Error('A run of iterations kept nothing.');
      const names = await namesIn(scene, target.commit);
      const takenLast = await takenNow(scene);
      const { undo, skipped } = await scene.restore(target.commit, '1');
      const then = await snapshot(scene);
      expect(onlyOf(then.files, names)).toEqual(onlyOf(target.files, names));
      expect(then.documents).toEqual(target.documents);
      // No new files remain, except formerly ignored ones, which are reported.
      const left = Object.keys(onlyOf(then.files, await takenNow(scene)));
      expect(left.filter((name) => !names.has(name) && !skipped.includes(name))).toEqual([]);
      await scene.restore(undo.commit, '2');
      const undone = await snapshot(scene);
      expect(undone.files).toEqual(expect.objectContaining(onlyOf(last.files, takenLast)));
      expect(undone.documents).toEqual(last.documents);
      // A branch without a commit is replaced by the session's own: there is nothing to check out.
      if (last.head !== 'none') expect(undone.head).toBe(last.head);
    }),
    { numRuns: Number(process.env.SAMOCODE_PROPERTY_RUNS ?? 6), endOnFailure: true },
  );
});
