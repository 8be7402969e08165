import { isAbsolute } from 'node:path';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { type Checkpoint, type CheckpointPlan, keepCheckpoint } from '../checkpoints/checkpoint.ts';
import { TRASH, trashRef } from '../checkpoints/checkpoint-refs.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { listing, namesIn, readable } from '../git/path-bytes.ts';
import { commitOf, type GitContext, gitContextOf } from '../git/repository.ts';
import { differingFrom } from '../worktrees/inspect-worktree.ts';
import { submodulesIn } from '../worktrees/submodules.ts';

export const TRASH_DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;

export type TrashPlace = Omit<CheckpointPlan, 'moment' | 'alsoInWorktree'>;

/** The things discarded with a session; all of them are reachable from one ref. */
export interface Discarded {
  ref: string;
  /** A checkpoint of the worktree; the branch's tip is among its parents. */
  commit: string;
  tip: string;
  head: string | undefined;
  tree: string;
}

export interface Restorable extends Pick<Discarded, 'ref' | 'commit' | 'tip' | 'tree'> {
  branch: string;
  /** Readable names of what differed from HEAD, at least the first of them. */
  uncommitted: readonly string[];
}

export type FilledTrash = { kind: 'kept'; kept: Discarded } | { kind: 'not_all'; skipped: readonly string[] };

/** Keeps worktree and branch under a ref in the trash, without changing them. */
export async function fillTrash(place: TrashPlace): Promise<FilledTrash> {
  const { sessionFolder, branch } = place;
  const taken = await keepCheckpoint({ ...place, moment: { kind: 'before_discard' } });
  const skipped = await keptNowhere(taken, place);
  if (skipped.length > 0) return { kind: 'not_all', skipped };
  const main = mainOf(place);
  const { commit, head, worktreeTree: tree } = taken;
  const tip =
    (await commitOf(`refs/heads/${branch}`, main)) ??
    head ??
    (await gitLine(['rev-parse', `${commit}^1`], main));
  return {
    kind: 'kept',
    kept: { ref: await keepInTrash(sessionFolder, commit, main), commit, tip, head, tree },
  };
}

/**
 * Uses a unique name, so that earlier discards with the same name stay. One that was cut off before its event has the
 * same work, later documents and another time: the new commit replaces it.
 */
async function keepInTrash(sessionFolder: string, commit: string, main: GitOptions): Promise<string> {
  for (let count = 1; ; count += 1) {
    const ref = `${trashRef(sessionFolder)}${count === 1 ? '' : `-${count}`}`;
    const taken = await commitOf(ref, main);
    if (taken !== undefined && (await workIn(taken, main)) !== (await workIn(commit, main))) continue;
    await runGit(['update-ref', '--no-deref', ref, commit, taken ?? '0'.repeat(commit.length)], main);
    return ref;
  }
}

/** The worktree and the parents of a checkpoint. */
async function workIn(commit: string, main: GitOptions): Promise<string> {
  const parents = await gitLine(['rev-parse', `${commit}^@`], main);
  return `${parents}\n${await gitLine(['ls-tree', commit, 'worktree'], main)}`;
}

/** Whether worktree and branch still match their copy in the trash. */
export async function isAllInTrash(place: TrashPlace, { tip, head, tree }: Discarded): Promise<boolean> {
  const now: Checkpoint = await keepCheckpoint({ ...place, moment: { kind: 'before_discard' } });
  const tipNow = (await commitOf(`refs/heads/${place.branch}`, mainOf(place))) ?? tip;
  const isSame = now.worktreeTree === tree && now.head === head && tipNow === tip;
  return isSame && (await keptNowhere(now, place)).length === 0;
}

/**
 * Skipped files of the worktree only: the session folder is archived as a whole. A submodule without work is as the
 * branch has it.
 */
export async function skippedInWorktree(
  { skipped }: Pick<Checkpoint, 'skipped'>,
  place: Pick<TrashPlace, 'worktreePath' | keyof GitContext>,
): Promise<string[]> {
  const own = skipped.filter((name) => !isAbsolute(name));
  if (!own.some((name) => name.endsWith('/'))) return own;
  const submodules = await submodulesIn(place.worktreePath, gitContextOf(place));
  const same = new Set(submodules.filter(({ hasWork }) => !hasWork).map(({ path }) => `${path}/`));
  return own.filter((name) => !same.has(name));
}

/** What neither the trash nor the branch would keep. Reads each skipped file as a whole. */
async function keptNowhere(taken: Checkpoint, place: TrashPlace): Promise<string[]> {
  const names = await skippedInWorktree(taken, place);
  if (names.length === 0) return names;
  const options = { ...gitContextOf(place), cwd: place.worktreePath };
  const list = ['ls-tree', '-r', '-z', '--full-tree', 'HEAD'];
  const { stdout } = await runGit(list, { ...listing(options), allowFailure: true });
  const lines = new Map(namesIn(stdout).map((line) => [readable(line.slice(line.indexOf('\t') + 1)), line]));
  const inHead = names.flatMap((name) => lines.get(name) ?? []);
  const differing = new Set(await differingFrom(inHead, options));
  return names.filter((name) => !lines.has(name) || differing.has(name));
}

/** Deletes a branch that is still at `tip`. @throws GitError if it has moved */
export async function dropBranch(
  { branch, ...place }: GitContext & { mainRepo: string; branch: string },
  tip: string,
): Promise<void> {
  const main = mainOf(place);
  const ref = `refs/heads/${branch}`;
  if ((await commitOf(ref, main)) === undefined) return;
  await runGit(['update-ref', '--no-deref', '-d', ref, tip], main);
}

/**
 * Whether the branch of a discarded session exists again, and the commands that restore it and, if they differ from its
 * tip, the files of its worktree; no commands if the ref that kept them is gone. @throws GitError
 */
export async function restoringOf(
  place: GitContext & { mainRepo: string },
  { ref, commit, branch, tip, tree, uncommitted }: Restorable,
  worktreePath: string,
): Promise<{ isBack: boolean; commands: string[] }> {
  const main = mainOf(place);
  if ((await commitOf(`refs/heads/${branch}`, main)) !== undefined) return { isBack: true, commands: [] };
  if ((await commitOf(ref, main)) !== commit) return { isBack: false, commands: [] };
  // git restore fails where there is no file at all.
  const isClean = (await gitLine(['rev-parse', `${tip}^{tree}`], main)) === tree;
  const ask = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=D', tip, tree];
  const missing = namesIn((await runGit(ask, listing(main))).stdout).map(readable);
  // What no checkpoint takes, `restore` would delete. With --overlay, files that were deleted come back as well.
  const overlay = missing.every((name) => uncommitted.includes(name)) ? [] : ['--overlay'];
  const commands = [
    ['git', '-C', place.mainRepo, 'worktree', 'add', '-b', branch, worktreePath, tip],
    ...(isClean ? [] : [['git', '-C', worktreePath, 'restore', ...overlay, `--source=${tree}`, '.']]),
  ];
  return { isBack: false, commands: commands.map((words) => words.map(shellWord).join(' ')) };
}

export interface TrashEntry {
  ref: string;
  commit: string;
  discardedAtMs: number;
  untilMs: number;
}

export async function listTrash(place: GitContext & { mainRepo: string }): Promise<TrashEntry[]> {
  const format = '--format=%(objectname) %(committerdate:unix) %(refname)';
  const text = await gitLine(['for-each-ref', format, TRASH], mainOf(place));
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [commit = '', seconds, ref = ''] = line.split(' ');
      const discardedAtMs = Number(seconds) * 1000;
      return { ref, commit, discardedAtMs, untilMs: discardedAtMs + TRASH_DAYS * DAY_MS };
    });
}

/** Removes expired entries of the trash. @returns the removed ones */
export async function pruneTrash(
  place: GitContext & { mainRepo: string },
  nowMs: number,
): Promise<TrashEntry[]> {
  const old = (await listTrash(place)).filter(({ untilMs }) => untilMs <= nowMs);
  for (const entry of old) await removeFromTrash(place, entry);
  return old;
}

/** Removes one entry. @throws GitError, also if its ref has been reused */
async function removeFromTrash(
  place: GitContext & { mainRepo: string },
  { ref, commit }: Pick<TrashEntry, 'ref' | 'commit'>,
): Promise<void> {
  await runGit(['update-ref', '--no-deref', '-d', ref, commit], mainOf(place));
}

function mainOf(place: GitContext & { mainRepo: string }) {
  return { ...gitContextOf(place), cwd: place.mainRepo };
}
