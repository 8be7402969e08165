import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from '../base/atomic-file.ts';
import { ifExists } from '../base/errors.ts';
import { type Moment, refOf } from './checkpoint-refs.ts';
import { type CheckpointStore, clearLocks, openStore, repositoryOptions } from './checkpoint-store.ts';
import { runGit } from './git.ts';
import { commitOf, type GitContext } from './repository.ts';
import { takeFiles, treeOf } from './take-files.ts';

export interface CheckpointPlan extends GitContext {
  mainRepo: string;
  worktreePath: string;
  /** The session's own branch, whose tip is kept too. */
  branch: string;
  /** The session's folder, whose documents are kept beside the code. */
  sessionDir: string;
  /** The session folder's name; part of the ref. */
  sessionFolder: string;
  /** A folder among the session's machine state: the private indexes. */
  storeDir: string;
  moment: Moment;
  /** Ignored files that are kept all the same, as paths below the worktree. */
  alsoInWorktree?: readonly string[];
}

export interface Checkpoint {
  /** same: nothing differs from the checkpoint before, and no new one was made. */
  kind: 'kept' | 'same';
  /** `refs/samocode/<session>/<NNN>`; of the earlier one when nothing changed. */
  ref: string;
  commit: string;
  /** The worktree's files as a tree, ignored ones aside: equal ids mean equal bytes. */
  worktreeTree: string;
  sessionTree: string;
  /** Files that are not in it: larger than 50 MB, unreadable, or a repository of their own. */
  skipped: readonly string[];
}

/**
 * Keeps the worktree byte for byte, ignored files aside, and the session's documents as a commit under a
 * ref of ours: `worktree/` and `session/` in its tree; its parents are the commit that is checked out and, where it
 * is another, the tip of the session's branch. HEAD, the index and every file stay as they are.
 * @throws GitError
 */
export async function keepCheckpoint(plan: CheckpointPlan): Promise<Checkpoint> {
  const store = await openStore(plan);
  await clearLocks(store);
  const { worktreePath, sessionDir } = plan;
  const code = { part: 'worktree', folder: worktreePath, also: plan.alsoInWorktree ?? [] } as const;
  const documents = { part: 'session', folder: sessionDir } as const;
  const [heads, taken, written, last] = await Promise.all([
    readHeads(store, plan),
    takeFiles(store, code),
    takeFiles(store, documents),
    readLast(store),
  ]);
  const skipped = [...taken.skipped, ...written.skipped.map((name) => join(sessionDir, name))];
  const unmoved = last && last.parents.join() === heads.join() && (await hasRef(store, last));
  const trees =
    last && taken.same && written.same
      ? { worktreeTree: last.worktreeTree, sessionTree: last.sessionTree }
      : await treesOf(store, code, documents);
  if (unmoved && last.worktreeTree === trees.worktreeTree && last.sessionTree === trees.sessionTree) {
    return { kind: 'same', ref: last.ref, commit: last.commit, ...trees, skipped };
  }
  const ref = refOf(plan.sessionFolder, plan.moment);
  const commit = await writeCommit(store, { ref, parents: heads, ...trees, text: subject(plan) });
  const kept: Last = { ref, commit, parents: heads, ...trees };
  await writeWhole(lastPath(store), `${JSON.stringify(kept)}\n`);
  return { kind: 'kept', ref, commit, ...trees, skipped };
}

/** The next checkpoint is made whatever it holds: files were changed behind the indexes' back, by us. */
export async function forgetLast(store: CheckpointStore): Promise<void> {
  await rm(lastPath(store), { force: true });
}

const Last = z.object({
  ref: z.string(),
  commit: z.string(),
  parents: z.array(z.string()),
  worktreeTree: z.string(),
  sessionTree: z.string(),
});
type Last = z.infer<typeof Last>;

function lastPath({ dir }: CheckpointStore): string {
  return join(dir, 'last.json');
}

async function readLast(store: CheckpointStore): Promise<Last | undefined> {
  const text = await ifExists(readFile(lastPath(store), 'utf8'));
  try {
    return text === undefined ? undefined : Last.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function hasRef(store: CheckpointStore, { ref, commit }: Last): Promise<boolean> {
  return (await commitOf(ref, repositoryOptions(store))) === commit;
}

async function treesOf(
  store: CheckpointStore,
  code: Parameters<typeof treeOf>[1],
  documents: Parameters<typeof treeOf>[1],
): Promise<{ worktreeTree: string; sessionTree: string }> {
  const [worktreeTree, sessionTree] = await Promise.all([treeOf(store, code), treeOf(store, documents)]);
  return { worktreeTree, sessionTree };
}

/** The commit that is checked out and, if it is another, the tip of the session's branch. */
async function readHeads(store: CheckpointStore, plan: CheckpointPlan): Promise<string[]> {
  const { worktreePath, branch } = plan;
  const { context } = store;
  const repository = repositoryOptions(store);
  const asked = ['rev-parse', '--show-toplevel', '--verify', 'HEAD'];
  const [here, tip] = await Promise.all([
    runGit(asked, { ...context, cwd: worktreePath, allowFailure: true }),
    commitOf(`refs/heads/${branch}`, repository),
  ]);
  const [toplevel, head] = here.stdout.trim().split('\n');
  // A worktree that lost its .git file lies inside MAIN_REPO in the usual layout: git would speak of that one.
  const isOurs = here.exitCode === 0 && toplevel === (await realpath(worktreePath));
  return [...new Set([isOurs ? head : undefined, tip])].filter((commit) => commit !== undefined);
}

function subject({ sessionFolder, moment }: CheckpointPlan): string {
  switch (moment.kind) {
    case 'after':
      return `Checkpoint of ${sessionFolder} after iteration ${moment.iteration}`;
    case 'before_kill':
      return `Checkpoint of ${sessionFolder} before iteration ${moment.iteration} was ended`;
    case 'before_rewind':
      return `Checkpoint of ${sessionFolder} before a rewind`;
    default:
      return moment satisfies never;
  }
}

interface NewCommit {
  ref: string;
  parents: readonly string[];
  worktreeTree: string;
  sessionTree: string;
  text: string;
}

// Ours, so that keeping work never fails for a missing identity, and nobody takes it for a person's commit.
const WRITER = 'samocode <samocode@localhost> now';

/** One git for tree, commit and ref: at the end of an iteration every start of a program counts. */
async function writeCommit(store: CheckpointStore, commit: NewCommit): Promise<string> {
  const { ref, parents, worktreeTree, sessionTree, text } = commit;
  const [first, ...others] = parents;
  const lines = [
    // Without it an existing ref would become a parent.
    ...(first === undefined ? [`reset ${ref}`] : []),
    `commit ${ref}`,
    'mark :1',
    `committer ${WRITER}`,
    `data ${Buffer.byteLength(text)}`,
    text,
    ...(first === undefined ? [] : [`from ${first}`]),
    ...others.map((parent) => `merge ${parent}`),
    'deleteall',
    `M 040000 ${worktreeTree} worktree`,
    `M 040000 ${sessionTree} session`,
    '',
    'get-mark :1',
    'done',
    '',
  ];
  const args = ['fast-import', '--quiet', '--force', '--done', '--date-format=now'];
  const { stdout } = await runGit(args, { ...repositoryOptions(store), input: lines.join('\n') });
  return stdout.trim();
}
