import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Moment, refOf } from './checkpoint-refs.ts';
import { type CheckpointStore, clearLocks, openStore, repositoryOptions } from './checkpoint-store.ts';
import { runGit } from './git.ts';
import { type LastCheckpoint, readLast, writeLast } from './last-checkpoint.ts';
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
  /** The private indexes were brought up to the files a moment ago. */
  isTaken?: boolean;
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
  const last = await readLast(store);
  const [{ parents, hasLast }, taken, written] = await Promise.all([
    readHeads(store, plan, last),
    plan.isTaken ? AS_TAKEN : takeFiles(store, code),
    plan.isTaken ? AS_TAKEN : takeFiles(store, documents),
  ]);
  const skipped = [...taken.skipped, ...written.skipped.map((name) => join(sessionDir, name))];
  const [worktreeTree, sessionTree] = await Promise.all([
    last && taken.same ? last.worktreeTree : treeOf(store, code),
    last && written.same ? last.sessionTree : treeOf(store, documents),
  ]);
  const trees = { worktreeTree, sessionTree };
  const unmoved = last && hasLast && last.parents.join() === parents.join();
  if (unmoved && last.worktreeTree === worktreeTree && last.sessionTree === sessionTree) {
    await writeLast(store, last);
    return { kind: 'same', ref: last.ref, commit: last.commit, ...trees, skipped };
  }
  const ref = refOf(plan.sessionFolder, plan.moment);
  const commit = await writeCommit(store, { ref, parents, ...trees, text: subject(plan) });
  await writeLast(store, { ref, commit, parents, ...trees });
  return { kind: 'kept', ref, commit, ...trees, skipped };
}

const AS_TAKEN = { same: false, skipped: [] };

interface Heads {
  /** The commit that is checked out and, if it is another, the tip of the session's branch. */
  parents: string[];
  /** The last checkpoint is still where it was kept. */
  hasLast: boolean;
}

async function readHeads(
  store: CheckpointStore,
  { worktreePath, branch }: CheckpointPlan,
  last: LastCheckpoint | undefined,
): Promise<Heads> {
  const tipRef = `refs/heads/${branch}`;
  const options = { ...store.context, cwd: worktreePath, allowFailure: true };
  // One start of git in nearly every iteration; it says no as soon as any of them is missing.
  const asked = ['rev-parse', '--show-toplevel', 'HEAD', tipRef, ...(last ? [last.ref] : [])];
  const { exitCode, stdout } = await runGit(asked, options);
  const [toplevel, head = '', tip = '', lastCommit] = stdout.trim().split('\n');
  if (exitCode === 0 && toplevel === (await realpath(worktreePath))) {
    return { parents: [...new Set([head, tip])], hasLast: last !== undefined && lastCommit === last.commit };
  }
  return await readHeadsApart(store, { worktreePath, tipRef, last });
}

async function readHeadsApart(
  store: CheckpointStore,
  { worktreePath, tipRef, last }: { worktreePath: string; tipRef: string; last: LastCheckpoint | undefined },
): Promise<Heads> {
  const repository = repositoryOptions(store);
  const options = { ...store.context, cwd: worktreePath, allowFailure: true };
  const [here, tip, lastCommit] = await Promise.all([
    runGit(['rev-parse', '--show-toplevel', '--verify', 'HEAD'], options),
    commitOf(tipRef, repository),
    last && commitOf(last.ref, repository),
  ]);
  const [toplevel, head] = here.stdout.trim().split('\n');
  // A worktree that lost its .git file lies inside MAIN_REPO in the usual layout: git would speak of that one.
  const isOurs = here.exitCode === 0 && toplevel === (await realpath(worktreePath));
  const parents = [...new Set([isOurs ? head : undefined, tip])].filter((commit) => commit !== undefined);
  return { parents, hasLast: last !== undefined && lastCommit === last.commit };
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
