import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../../kernel/clock.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { whileHolding } from '../../kernel/processes/lease.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { listed, shownText } from '../../kernel/text.ts';
import { CHECKOUT_LIMIT_MS, type GitOptions, readRecords, runGit } from '../git/git.ts';
import { OFFLINE } from '../git/own-repository.ts';
import { listing, readable } from '../git/path-bytes.ts';
import { checkedOutBranch, commitOf, commonDirOf, type GitContext, isAncestor } from '../git/repository.ts';
import { waitForRunningGit } from '../git/running-git.ts';
import type { StatusEntry } from '../git/status-entries.ts';
import { listWorktrees } from '../git/worktree-list.ts';
import { changedPaths } from '../worktrees/changes.ts';
import { differingFrom, uncommittedIn } from '../worktrees/inspect-worktree.ts';
import { type CopiedFiles, undoCopied } from './copied-files.ts';

export interface FastForwardPlan extends GitContext {
  mainRepo: string;
  branch: string;
  /** Its current commit, as far as the caller knows. */
  from: string;
  to: string;
  /** The name of `to` in commands for the user. */
  ref: string;
  /** Uncommitted files of a checkout that are in `to`. */
  copied?: CopiedFiles | undefined;
}

export type FastForward =
  | { kind: 'done' }
  /** The branch has moved since. */
  | { kind: 'moved' }
  /** The branch was not moved; the commands move it. */
  | { kind: 'refused'; why: string; commands: string[] };

/**
 * Fast-forwards a branch: only the ref if it is not checked out, and the files too if its checkout is clean.
 * Never overwrites an untracked file. @param beforeFiles called right before files of a checkout are written
 */
export async function fastForward(
  plan: FastForwardPlan,
  beforeFiles: (path: string) => Promise<unknown> = async () => undefined,
): Promise<FastForward> {
  const { mainRepo, branch, from, to, ref, copied, ...context } = plan;
  const main = { ...context, cwd: mainRepo };
  const hasMoved = async () => (await commitOf(`refs/heads/${branch}`, main)) !== from;
  if (await hasMoved()) return { kind: 'moved' };
  if (!(await isAncestor(from, to, main))) return { kind: 'moved' };
  const entries = await listWorktrees(mainRepo, context);
  const [checkout, ...more] = entries.filter((entry) => entry.branch === branch);
  if (checkout === undefined) {
    // Unlike update-ref, fetch refuses a non-fast-forward and a branch that a rebase is about to move.
    const fetch = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-recurse-submodules',
      '--',
      '.',
      `${ref}:refs/heads/${branch}`,
    ];
    const { exitCode } = await runGit(fetch, { ...main, allowFailure: true });
    if (exitCode === 0) return { kind: 'done' };
    if (await hasMoved()) return { kind: 'moved' };
    const commands = [`git -C ${shellWord(mainRepo)} fetch . ${shellWord(`${ref}:${branch}`)}`];
    return { kind: 'refused', why: `git refused to move the branch "${branch}".`, commands };
  }
  const { path, prunable } = checkout;
  const merge = ['merge', '--quiet', '--ff-only', '--no-stat', '--no-overwrite-ignore'];
  const refuse = (why: string) => ({
    kind: 'refused' as const,
    why,
    commands: [`git -C ${shellWord(path)} merge --ff-only ${shellWord(ref)}`],
  });
  const occupied = (why: string) => withoutCopied(refuse(why), copied, { ...context, cwd: path });
  if (more.length > 0) return refuse(`The branch "${branch}" is checked out in more than one place.`);
  if (prunable) return refuse(`The branch "${branch}" is checked out in ${path}, whose folder is gone.`);
  const uncommitted = await uncommittedIn(path, context);
  if (uncommitted.some(({ kind }) => kind !== 'untracked' && kind !== 'hidden'))
    return await occupied(`The branch "${branch}" is checked out in ${path}, which has uncommitted changes.`);
  const covered = await hiddenAndChanged(uncommitted, plan);
  if (covered.length > 0) return refusedForHidden(covered, path, refuse);
  const here = { ...context, cwd: path, env: OFFLINE, timeoutMs: CHECKOUT_LIMIT_MS, allowFailure: true };
  const branchHere = () => checkedOutBranch(path, context);
  if ((await branchHere()) !== branch) return { kind: 'moved' };
  await beforeFiles(path);
  const { exitCode } = await runGit([...merge, to], here);
  const now = await commitOf(`refs/heads/${branch}`, main);
  if (exitCode === 0 && now === to) return { kind: 'done' };
  const other = (await branchHere()) ?? 'HEAD';
  if (exitCode === 0 && other !== branch) {
    const before = await commitOf('ORIG_HEAD', { ...context, cwd: path });
    const at = `git -C ${shellWord(path)}`;
    // Names the branch and both commits: right whatever is checked out by then, and refused if it has moved on.
    const back = `${at} update-ref ${shellWord(`refs/heads/${other}`)} ${before} ${to}`;
    const there = `${at} switch ${shellWord(branch)}`;
    const how = before === to ? 'checked out' : 'moved';
    const { why, commands } = refuse(
      `"${other}" was ${how} instead: ${path} was switched to it at the same time.`,
    );
    const first = other === 'HEAD' || before === to ? there : `${there} && ${back}`;
    return { kind: 'refused', why, commands: [first, ...commands] };
  }
  if (now !== from) return { kind: 'moved' };
  return await occupied(await whyNotUpdated(path, branch));
}

async function whyNotUpdated(path: string, branch: string): Promise<string> {
  const why = `git could not update ${path}, where the branch "${branch}" is checked out: `;
  const lock = await indexLockOf(path);
  if (statsAt(lock) === undefined) return `${why}files there would be overwritten.`;
  return `${why}${lock} is there. Another git is working in it, or one was killed and left the file.`;
}

/** Files that a person keeps out of git's sight, often local settings: git itself merges what does not touch them. */
async function hiddenAndChanged(
  uncommitted: readonly StatusEntry[],
  { mainRepo, from, to, ...context }: FastForwardPlan,
): Promise<string[]> {
  const hidden = uncommitted.filter(({ kind }) => kind === 'hidden').map(({ path }) => path);
  if (hidden.length === 0) return [];
  const changed = await changedPaths({ ...context, cwd: mainRepo, base: from, head: to });
  return hidden.filter((name) => changed.includes(name));
}

function refusedForHidden(names: readonly string[], path: string, refuse: (why: string) => Refusal): Refusal {
  const { why, commands } = refuse(
    `The work changes files in ${path} whose own, uncommitted changes git does not show (skip-worktree or assume-unchanged): ${listed(names.map(shownText), MAX_NAMED)}. Save these changes first; the first command lets git show them.`,
  );
  const show = `git -C ${shellWord(path)} update-index --no-skip-worktree --no-assume-unchanged --`;
  return { kind: 'refused', why, commands: [[show, ...names.map(shellWord)].join(' '), ...commands] };
}

type Refusal = Extract<FastForward, { kind: 'refused' }>;

/** Lets the commands first remove what only the session's own copies would overwrite. */
async function withoutCopied(
  refusal: Refusal,
  copied: CopiedFiles | undefined,
  checkout: GitOptions,
): Promise<Refusal> {
  // Once the branch has another commit with them, git may have removed this one.
  if (copied === undefined || (await commitOf(copied.commit, checkout)) === undefined) return refusal;
  const own = await undoCopied(copied, checkout);
  if (own.files.length === 0) return refusal;
  const names = listed(own.files.map(shownText), MAX_NAMED);
  const why = `${refusal.why} The session began with copies of ${names}, and these files have not changed since: the first commands remove the changes there, and the last one brings them back with the work.`;
  return { ...refusal, why, commands: [...own.commands, ...refusal.commands] };
}

const MAX_NAMED = 10;

const ALONE_LIMIT_MS = 60_000;

/** A fast-forward in progress or interrupted; `notes` is where its git call is recorded. */
const Forward = z.object({
  path: z.string(),
  branch: z.string(),
  from: z.string(),
  to: z.string(),
  notes: z.string().optional(),
});
type Forward = z.infer<typeof Forward>;

/**
 * git writes the files of a checkout before it moves the branch: of two concurrent merges in one checkout, one leaves
 * files there that no commit has. So one session per repository merges at a time, recording its intent first.
 */
export async function forwardAlone(
  plan: FastForwardPlan,
  { clock, host }: { clock: Clock; host: Host },
): Promise<FastForward> {
  const folder = join(await commonDirOf(plan.mainRepo, plan), 'samocode');
  const note = join(folder, 'merging.json');
  return await whileHolding(join(folder, 'merging'), { host, clock, limitMs: ALONE_LIMIT_MS }, async () => {
    const before = await plainJson(note, Forward);
    if (before?.notes !== undefined) await waitForRunningGit(before.notes, { clock, host }, 'merge');
    const cutOff = before && (await interruptedForward(before, plan));
    if (cutOff !== undefined) return cutOff;
    const { branch, from, to, runningGitDir: notes } = plan;
    let begun: Forward | undefined;
    try {
      return await fastForward(plan, async (path) => {
        begun = { path, branch, from, to, notes };
        await writeWhole(note, JSON.stringify(begun));
      });
    } catch (error) {
      const left = begun && (await interruptedForward(begun, plan).catch(() => undefined));
      if (left === undefined) throw error;
      return left;
    } finally {
      await rm(note, { force: true });
    }
  });
}

/**
 * The rest of an interrupted fast-forward: the branch has not moved, and files in the checkout are those of its target.
 * Other changes there are a person's, or half written; the commands keep both.
 */
async function interruptedForward(
  { path, branch, from, to }: Forward,
  { mainRepo, to: _, ref: __, copied: ___, ...context }: FastForwardPlan,
): Promise<FastForward | undefined> {
  const main = { ...context, cwd: mainRepo };
  const checkout = (await listWorktrees(mainRepo, context)).find((entry) => entry.branch === branch);
  if (checkout?.path !== path || (await commitOf(`refs/heads/${branch}`, main)) !== from) return undefined;
  if ((await commitOf(to, main)) === undefined) return undefined;
  const { written, edited } = await sortedByTarget({ path, from, to }, context);
  if (written.length === 0) return undefined;
  const at = `git -C ${shellWord(path)}`;
  const reset = `${at} reset --hard ${to}`;
  const keep = `${at} stash push --include-untracked -- ${edited.map(shellWord).join(' ')}`;
  const lock = await indexLockOf(path);
  const names = listed(edited.map(shownText), MAX_NAMED);
  const others = ` Other changes are there, too: ${names}. The last command stashes them, and applies them to the merged files.`;
  return {
    kind: 'refused',
    why: `An earlier merge was interrupted while git wrote its files in ${path}: some files are updated, "${branch}" is not. These commands complete it.${edited.length === 0 ? '' : others}`,
    commands: [
      ...(statsAt(lock) === undefined ? [] : [`rm -f ${shellWord(lock)}`]),
      edited.length === 0 ? reset : `${keep} && ${reset} && ${at} stash pop`,
    ],
  };
}

/** The uncommitted paths of a checkout: those that are as in the target, and the others that a reset would change. */
async function sortedByTarget(
  { path: cwd, from, to }: Pick<Forward, 'path' | 'from' | 'to'>,
  context: GitContext,
): Promise<{ written: string[]; edited: string[] }> {
  const here = { ...context, cwd };
  const ours = new Set(await changedPaths({ ...here, base: from, head: to }));
  const isThere = (name: string) => statsAt(join(cwd, name)) !== undefined;
  const nameIn = (entry: string) => readable(entry.slice(entry.indexOf('\t') + 1));
  const target: string[] = [];
  await readRecords(['ls-tree', '-r', '-z', '--full-tree', to], listing(here), (entry) => {
    if (ours.has(nameIn(entry))) target.push(entry);
  });
  const names = new Set(target.map(nameIn));
  const others = new Set(await differingFrom(target, here));
  const isWritten = (name: string) =>
    ours.has(name) && (names.has(name) ? !others.has(name) : !isThere(name));
  const uncommitted = (await uncommittedIn(cwd, context)).flatMap(({ kind, path }) =>
    // A reset leaves untracked files that no commit has; git names a new folder once.
    kind === 'untracked'
      ? [...ours].filter(
          (name) => (name === path || (path.endsWith('/') && name.startsWith(path))) && isThere(name),
        )
      : [path],
  );
  return {
    written: uncommitted.filter(isWritten),
    edited: uncommitted.filter((name) => !isWritten(name)),
  };
}

async function indexLockOf(checkout: string): Promise<string> {
  return join((await gitDirOf(checkout)) ?? join(checkout, '.git'), 'index.lock');
}
