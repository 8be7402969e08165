import { copyFile, lstat, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { type GitOptions, gitLine, runGit } from './git.ts';
import { commitOf, type GitContext } from './repository.ts';

export interface CheckpointPlan extends GitContext {
  worktreePath: string;
  /** The session's folder, whose documents are kept beside the code. */
  sessionDir: string;
  /** The session folder's name; part of the ref. */
  sessionFolder: string;
  /** The iteration, from 1. */
  iteration: number;
}

export interface Checkpoint {
  /** same: nothing differs from the checkpoint before, and no new one was made. */
  kind: 'kept' | 'same';
  /** `refs/samocode/<session>/<NNN>`; of the earlier one when nothing changed. */
  ref: string;
  commit: string;
  /** Files that are not in it: larger than 50 MB, or a repository of their own. */
  skipped: readonly string[];
}

const MAX_FILE_BYTES = 50 * 1024 * 1024;
/** Adding everything after a child that wrote much, on a slow disk. */
const ADD_LIMIT_MS = 10 * 60_000;

/**
 * Keeps the worktree as it stands, ignored files aside, and the session's documents as a commit under a
 * ref of ours: `worktree/` and `session/` in its tree, the checked out commit as its parent. A private index
 * is used; HEAD, the index and every file stay as they are.
 * @throws NotAWorktreeError, GitError
 */
export async function keepCheckpoint(plan: CheckpointPlan): Promise<Checkpoint> {
  const { worktreePath, sessionDir, sessionFolder, iteration, ...context } = plan;
  const options = { ...context, cwd: worktreePath, timeoutMs: ADD_LIMIT_MS };
  const toplevel = await gitLine(['rev-parse', '--show-toplevel'], options);
  if (toplevel !== (await realpath(worktreePath))) throw new NotAWorktreeError(worktreePath, toplevel);
  const code = await treeOfWorktree(options, iteration);
  const documents = await treeOfFolder(sessionDir, options, iteration);
  const entries = `040000 tree ${code.tree}\tworktree\n040000 tree ${documents.tree}\tsession\n`;
  const tree = await gitLine(['mktree'], { ...options, input: entries });
  const head = await commitOf('HEAD', options);
  const skipped = [...code.skipped, ...documents.skipped.map((name) => join(sessionDir, name))];
  const last = await lastCheckpoint(sessionFolder, options);
  if (last && last.tree === tree && last.parent === (head ?? '')) {
    return { kind: 'same', ref: last.ref, commit: last.commit, skipped };
  }
  const message = `Checkpoint of ${sessionFolder} at iteration ${iteration}`;
  const parents = head ? ['-p', head] : [];
  const commit = await gitLine(['commit-tree', tree, ...parents, '-m', message], { ...options, env: WRITER });
  const ref = `${refsOf(sessionFolder)}${String(iteration).padStart(3, '0')}`;
  await runGit(['update-ref', '--', ref, commit], options);
  return { kind: 'kept', ref, commit, skipped };
}

/** Ours, so that keeping work never fails for a missing identity, and nobody takes it for a person's commit. */
const WRITER = {
  GIT_AUTHOR_NAME: 'samocode',
  GIT_AUTHOR_EMAIL: 'samocode@localhost',
  GIT_COMMITTER_NAME: 'samocode',
  GIT_COMMITTER_EMAIL: 'samocode@localhost',
};

interface Kept {
  tree: string;
  skipped: string[];
}

async function treeOfWorktree(options: GitOptions, iteration: number): Promise<Kept> {
  const gitDir = await gitLine(['rev-parse', '--absolute-git-dir'], options);
  const index = join(gitDir, `samocode-index-${process.pid}-${iteration}`);
  try {
    // A copy of the real one knows which files are unchanged, so they need not be read again.
    const real = await gitLine(['rev-parse', '--git-path', 'index'], options);
    await ifExists(copyFile(resolve(options.cwd, real), index));
    return await addAll({ ...options, env: { GIT_INDEX_FILE: index } }, []);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** A folder outside of the working copy, read with the same repository as its store. */
async function treeOfFolder(folder: string, options: GitOptions, iteration: number): Promise<Kept> {
  const gitDir = await gitLine(['rev-parse', '--absolute-git-dir'], options);
  const index = join(gitDir, `samocode-session-index-${process.pid}-${iteration}`);
  const env = { GIT_INDEX_FILE: index, GIT_DIR: gitDir, GIT_WORK_TREE: folder };
  try {
    // Logs are the size of everything else together, and are never changed afterwards.
    return await addAll({ ...options, cwd: folder, env }, ['_logs']);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

async function addAll(options: GitOptions, without: readonly string[]): Promise<Kept> {
  const list = ['ls-files', '--others', '--modified', '--exclude-standard', '-z'];
  const names = new Set((await runGit(list, options)).stdout.split('\0').filter(Boolean));
  const skipped: string[] = [];
  for (const name of names) {
    // git lists a repository inside as one folder; adding it would keep none of its files.
    const tooLarge = ((await ifExists(lstat(join(options.cwd, name))))?.size ?? 0) > MAX_FILE_BYTES;
    if (name.endsWith('/') || tooLarge) skipped.push(name);
  }
  const left = [...without, ...skipped].map((name) => `:(top,exclude,literal)${name.replace(/\/$/, '')}`);
  // Files that vanish or cannot be read while git adds are left out; all others are kept.
  const add = ['add', '--all', '--ignore-errors', '--', ':(top)', ...left];
  await runGit(add, { ...options, allowFailure: true });
  return { tree: await gitLine(['write-tree'], options), skipped };
}

interface LastCheckpoint {
  ref: string;
  commit: string;
  tree: string;
  /** Empty when there was no commit to stand on. */
  parent: string;
}

async function lastCheckpoint(
  sessionFolder: string,
  options: GitOptions,
): Promise<LastCheckpoint | undefined> {
  const format = '--format=%(refname)%00%(objectname)%00%(tree)%00%(parent)';
  const newest = ['for-each-ref', '--sort=-version:refname', '--count=1', format, refsOf(sessionFolder)];
  const [ref, commit, tree, parent] = (await gitLine(newest, options)).split('\0');
  return ref && commit && tree ? { ref, commit, tree, parent: parent ?? '' } : undefined;
}

function refsOf(sessionFolder: string): string {
  // Old folders have names that git allows in no ref.
  return `refs/samocode/${sessionFolder.replace(/[^\p{L}\p{N}-]+/gu, '-')}/`;
}

/** Inside MAIN_REPO git would otherwise speak of MAIN_REPO, and that would be kept in the worktree's place. */
export class NotAWorktreeError extends SamocodeError {
  readonly code = 'not_a_worktree';

  constructor(path: string, toplevel: string) {
    super(
      'No checkpoint was made.',
      `${path} is no worktree any more: git takes it for a part of ${toplevel}.`,
      'Repair it with "git worktree repair" in MAIN_REPO, or move the folder away and resume the session.',
    );
  }
}
