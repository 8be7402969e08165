import { readdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { orNothing } from '../../kernel/errors.ts';
import { commitInFiles, gitDirOf } from '../../kernel/files/git-pointer.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { commitsOf, type GitContext } from '../git/repository.ts';
import { writeLoose } from '../git/write-loose.ts';
import {
  checkpointRef,
  type KnownCheckpoint,
  type Moment,
  newestCheckpoint,
  START,
  withSkipped,
} from './checkpoint-refs.ts';
import {
  type CheckpointStore,
  clearLocks,
  emptyTree,
  type KeptPart,
  openStore,
  partOptions,
  removeIndex,
  repositoryOptions,
  type StorePlace,
} from './checkpoint-store.ts';
import { commitTree } from './commit-tree.ts';
import { refresh, type TakenFiles, type TakePlan, takeTree } from './take-files.ts';
import { worktreePrint } from './worktree-print.ts';

export interface CheckpointPlan extends GitContext, Pick<StorePlace, 'programs'> {
  mainRepo: string;
  worktreePath: string;
  branch: string;
  sessionDir: string;
  /** The session's name in refs and messages. */
  sessionFolder: string;
  /** The folder of the private indexes, in the session's machine state. */
  storeDir: string;
  moment: Moment;
  /** Ignored files to keep as well, as paths below the worktree. */
  alsoInWorktree?: readonly string[];
  /** The newest checkpoint, if the caller made it; otherwise it is looked up, but for the first one. */
  last?: KnownCheckpoint;
  /** A commit that git has checked out there. */
  baseCommit?: string;
  /** The caller knows that no document has changed since `last` that would need a checkpoint. */
  areDocumentsSame?: boolean;
}

export interface Checkpoint extends KnownCheckpoint {
  /** same: nothing differs from the previous checkpoint, so no new one was made. */
  kind: 'kept' | 'same';
  head: string | undefined;
  /** Equal prints mean equal bytes: the tree, and the state of what was left out. */
  print: string;
  /** Those that the previous checkpoint did not skip. */
  newlySkipped: readonly string[];
}

/** A worktree at one point in time. */
export type WorktreeSeen = Pick<Checkpoint, 'head' | 'worktreeTree' | 'print'>;

/**
 * Commits the worktree byte for byte, except ignored files, and the session's documents under a ref of ours:
 * `worktree/` and `session/` in its tree; its parents are HEAD and, if different, the tip of the session's branch.
 * HEAD, the index and all files stay unchanged.
 */
export async function keepCheckpoint(plan: CheckpointPlan): Promise<Checkpoint> {
  try {
    return await takeCheckpoint(plan);
  } catch (error) {
    if (!GIT_ERRORS.git_damaged.is(error) && !GIT_ERRORS.git_failed.is(error)) throw error;
    // The indexes, the last checkpoint and ref files take for there what a garbage collection has taken.
    const store = await openStore(plan);
    for (const part of ['worktree', 'session'] as const) removeIndex(store, part);
    return await takeCheckpoint({ ...plan, last: undefined, baseCommit: undefined, areDocumentsSame: false });
  }
}

async function takeCheckpoint(plan: CheckpointPlan): Promise<Checkpoint> {
  const { moment, worktreePath: folder, sessionDir, sessionFolder, alsoInWorktree: also } = plan;
  const store = await openStore(plan);
  clearLocks(store);
  const last = plan.last ?? (moment === START ? undefined : await newestCheckpoint(store, sessionFolder));
  const isOnlyWorktree = plan.areDocumentsSame && last !== undefined;
  // A file rewritten with the same bytes is read on every scan until the index is refreshed; after a person there is time.
  if (moment.kind === 'before' && !isOnlyWorktree) await refresh(partOptions(store, 'worktree', folder));
  const refs = [await headOf(store, folder), `refs/heads/${plan.branch}`, ...(last ? [last.ref] : [])];
  const inFiles = await Promise.all(refs.map((ref) => commitInFiles(store.commonDir, ref)));
  // Without its ref, a garbage collection may have taken its trees.
  const indexes = inFiles[2] === last?.commit ? last?.indexes : undefined;
  const written = (part: KeptPart, tree = '') => indexes && { tree, index: indexes[part] };
  const lastDocuments = written('session', last?.sessionTree);
  const works = [
    takeTree(store, { part: 'worktree', folder, also, last: written('worktree', last?.worktreeTree) }),
    isOnlyWorktree
      ? {
          ...{ tree: last.sessionTree, index: lastDocuments?.index ?? '' },
          skipped: last.skipped.filter((name) => isAbsolute(name)),
        }
      : takeDocuments(store, sessionDir, lastDocuments),
    inFiles.every((commit) => isFoundIn(last, commit) || (commit && commit === plan.baseCommit))
      ? inFiles
      : commitsOf(refs, repositoryOptions(store)),
  ] as const;
  // None may still use its index when another one has failed.
  await Promise.allSettled(works);
  const [worktree, documents, [head, tip, lastNow]] = await Promise.all(works);
  const taken: Taken = {
    parents: [...new Set([head, tip])].filter((commit) => commit !== undefined),
    worktreeTree: worktree.tree,
    sessionTree: documents.tree,
    skipped: [...worktree.skipped, ...documents.skipped],
    indexes: { worktree: worktree.index, session: documents.index },
  };
  const newlySkipped = taken.skipped.filter((name) => !last?.skipped.includes(name));
  // A rewind is identified by its checkpoint, and a discard by its time.
  const isApart = moment.kind === 'before_rewind' || moment.kind === 'before_discard';
  const mayBeSame = last?.commit === lastNow && newlySkipped.length === 0 && !isApart;
  const same = mayBeSame && isSame(last, taken) ? last : undefined;
  if (isOnlyWorktree && !same) return await takeCheckpoint({ ...plan, areDocumentsSame: false });
  const { ref, commit } = same ?? (await commitTaken(store, plan, taken));
  return {
    ...{ kind: same ? 'same' : 'kept', ref, commit, head, ...taken },
    newlySkipped,
    print: await worktreePrint(folder, taken, store.context),
  };
}

/** An agent must not prevent that its work is kept: a session folder that cannot be read is left out. */
async function takeDocuments(
  store: CheckpointStore,
  folder: string,
  last: TakePlan['last'],
): Promise<TakenFiles> {
  if (orNothing(() => readdirSync(folder)) === undefined)
    return { tree: await emptyTree(store), index: '', skipped: [folder] };
  const taken = await takeTree(store, { part: 'session', folder, last });
  return { ...taken, skipped: taken.skipped.map((name) => join(folder, name)) };
}

/** Whether git has found a commit there for a checkpoint that this process made: nothing else is believed of a file. */
function isFoundIn(last: KnownCheckpoint | undefined, commit: string | undefined): commit is string {
  return last?.indexes !== undefined && [last.commit, ...last.parents].some((each) => each === commit);
}

type Taken = Omit<KnownCheckpoint, 'ref' | 'commit'>;

function isSame(last: Taken | undefined, now: Taken): last is Taken {
  const textOf = ({ parents, ...trees }: Taken) => [...parents, trees.worktreeTree, trees.sessionTree].join();
  return last !== undefined && textOf(last) === textOf(now);
}

/**
 * The name of a worktree's HEAD in the repository; empty if its `.git` points elsewhere. Without a `.git`, it may be a
 * folder in MAIN_REPO; if an agent created a repository there, its commits are not in this one.
 */
async function headOf({ commonDir }: CheckpointStore, worktreePath: string): Promise<string> {
  const pointed = (await gitDirOf(worktreePath).catch(() => undefined)) ?? join(worktreePath, '.git');
  const gitDir = await realpath(pointed).catch(() => '');
  if (gitDir === commonDir) return 'HEAD';
  return dirname(gitDir) === join(commonDir, 'worktrees') ? `worktrees/${basename(gitDir)}/HEAD` : '';
}

async function commitTaken(
  store: CheckpointStore,
  plan: CheckpointPlan,
  { parents, worktreeTree, sessionTree, skipped }: Taken,
): Promise<{ ref: string; commit: string }> {
  const ref = checkpointRef(plan.sessionFolder, plan.moment);
  const entry = (name: string, id: string) => [Buffer.from(`40000 ${name}\0`), Buffer.from(id, 'hex')];
  const entries = Buffer.concat([...entry('session', sessionTree), ...entry('worktree', worktreeTree)]);
  const tree = writeLoose(join(store.commonDir, 'objects'), 'tree', entries, worktreeTree);
  const message = withSkipped(subject(plan), skipped);
  return { ref, commit: await commitTree(store, { ref, message, parents, tree }) };
}

function subject({ sessionFolder, moment }: CheckpointPlan): string {
  switch (moment.kind) {
    case 'after':
      return `Checkpoint of ${sessionFolder} after iteration ${moment.iteration}`;
    case 'before':
      return `Checkpoint of ${sessionFolder} before iteration ${moment.iteration}`;
    case 'before_rewind':
      return `Checkpoint of ${sessionFolder} before a rewind`;
    case 'before_discard':
      return `${sessionFolder}, discarded`;
    default:
      return moment satisfies never;
  }
}
