import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { ALL_FILES_LIMIT_MS, gitSaysYes, runGit } from '../git/git.ts';
import { GIT_ERRORS, gitFailure } from '../git/git-errors.ts';
import { commitOf, commitsOf, type GitContext } from '../git/repository.ts';
import { removeClone } from '../proving/clean-clone.ts';
import { type PrivateGitPlan, putAlternates } from './make-private-git.ts';
import {
  isPlainFolder,
  type Note,
  privateHead,
  privateHeads,
  privateRef,
  readNote,
  writeNote,
} from './private-git.ts';

export interface CollectPlan extends PrivateGitPlan {
  worktreePath: string;
  /** Holds what is kept apart from the branch: `refs/samocode/<session>/`. */
  ownRefs: string;
  /** For the log of the branch. */
  message: string;
}

export interface Collected {
  /**
   * `aside`: the person has moved the branch meanwhile, so that the agent's commits are kept under a ref of ours;
   * `refused`: what the agent left is damaged, too large or no work of git's, and nothing of it was taken.
   */
  kind: 'nothing' | 'moved' | 'aside' | 'refused' | 'branch_gone';
  /** Where refused: in git's words or ours. */
  why?: string;
  /** Other branches with commits that the repository did not have, and the refs that keep them now. */
  others: { branch: string; ref: string }[];
  /** What is checked out inside, where it is not the session's branch. */
  head?: string;
}

/**
 * Brings what an agent has committed into the repository: objects by a fetch that checks each, then the branch, then the
 * index of the worktree, whose files stay as they are. Called when nothing of the agent runs any more. After a crash at
 * any point the same call comes to the same end.
 * @throws GitError where the repository itself can't be written
 */
export async function collectPrivateGit(plan: CollectPlan, context: GitContext): Promise<Collected> {
  const { git, branch } = plan;
  const note = await readNote(git);
  if (note === undefined || note.branch !== branch) return { kind: 'nothing', others: [] };
  const ref = `refs/heads/${branch}`;
  const tip = await privateRef(git.dir, ref);
  const branchEnd: BranchEnd =
    tip === note.tip ? { kind: 'nothing' } : await collectBranch(plan, { tip, note }, context);
  const others = branchEnd.kind === 'refused' ? [] : await othersIn(plan, context);
  const why = branchEnd.why ?? (others.length > 0 ? await fetchFit(plan, others, context) : undefined);
  if (why !== undefined) {
    await removeClone(git.refused);
    renameSync(git.dir, git.refused);
    rmSync(git.note);
    return { kind: 'refused', why, others: [] };
  }
  const head = await privateHead(git.dir, basename(plan.gitDir));
  return {
    kind: branchEnd.kind,
    others: others.map(({ name, ref: kept }) => ({ branch: name, ref: kept })),
    ...(head !== ref && { head }),
  };
}

type BranchEnd = Pick<Collected, 'kind' | 'why'>;

async function collectBranch(
  plan: CollectPlan,
  { tip, note }: { tip: string | undefined; note: Note },
  context: GitContext,
): Promise<BranchEnd> {
  const { commonDir, branch, worktreePath, message, ownRefs, git } = plan;
  if (tip === undefined) return { kind: 'branch_gone' };
  const main = { ...context, cwd: commonDir };
  const ref = `refs/heads/${branch}`;
  const incoming = `${ownRefs}incoming`;
  if (tip !== (await commitOf(ref, main))) {
    const why = await fetchFit(plan, [{ tip, ref: incoming }], context);
    if (why !== undefined) return { kind: 'refused', why };
    const now = (await commitOf(ref, main)) ?? '0'.repeat(tip.length);
    // The commits of a person, who has moved the branch meanwhile, must not be lost by those of the agent.
    const isOurs = now === note.tip || (await gitSaysYes(['merge-base', '--is-ancestor', now, tip], main));
    const [place, moved] = isOurs
      ? [worktreePath, [ref, tip, now]]
      : [commonDir, [`${ownRefs}heads/${branch}`, tip]];
    await runGit(['update-ref', '--no-deref', '-m', message, ...moved], { ...context, cwd: place });
    await runGit(['update-ref', '--no-deref', '-d', incoming], main);
    if (!isOurs) return { kind: 'aside' };
  }
  await refreshIndex(worktreePath, context);
  await writeNote(git, { branch, tip });
  return { kind: 'moved' };
}

/** Files of the worktree that a commit has by now are no longer new to git. */
async function refreshIndex(worktreePath: string, context: GitContext): Promise<void> {
  // A git of the person may hold the lock: then it is put right with the next commit.
  const options = { ...context, cwd: worktreePath, timeoutMs: ALL_FILES_LIMIT_MS, allowFailure: true };
  await runGit(['reset', '--quiet', '--mixed'], options);
}

interface Wanted {
  tip: string;
  ref: string;
}

const MOST_OTHERS = 20;

/** Branches with commits that the repository lacks, and such a commit that is checked out without a branch. */
async function othersIn(plan: CollectPlan, context: GitContext): Promise<(Wanted & { name: string })[]> {
  const { git, commonDir, branch, ownRefs, gitDir } = plan;
  const heads = await privateHeads(git.dir);
  const head = await privateHead(git.dir, basename(gitDir));
  if (head !== undefined && !head.startsWith('refs/')) heads.set('refs/heads/HEAD', head);
  // Where that was put aside, it has its ref.
  heads.delete(`refs/heads/${branch}`);
  const all = [...heads];
  const there = await commitsOf(
    all.map(([, tip]) => tip),
    { ...context, cwd: commonDir },
  );
  return all
    .filter((_, at) => there[at] === undefined)
    .slice(0, MOST_OTHERS)
    .map(([ref, tip]) => {
      const name = ref.slice('refs/heads/'.length);
      return { name, tip, ref: `${ownRefs}heads/${name}` };
    });
}

const MOST_BYTES = 2 * 1024 ** 3;

/** Why its objects are not even looked into: by names and sizes alone, since opening a pipe would wait for ever. */
function unfit(dir: string): string | undefined {
  let bytes = 0;
  for (const folder of ['objects', 'lfs']) {
    if (!isPlainFolder(dir, folder)) return `${folder} is no folder`;
    for (const entry of readdirSync(join(dir, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) bytes += lstatSync(path).size;
      else if (!entry.isDirectory()) return `${path.slice(dir.length + 1)} is no plain file`;
      if (bytes > MOST_BYTES) return 'its new objects are larger than 2 GB together';
    }
  }
  return isPlainFolder(dir, 'objects/info') && isPlainFolder(dir, 'objects/pack')
    ? undefined
    : 'objects has no folders of git';
}

const TRIES = 3;
const PAUSE_MS = 500;

/**
 * Fetches objects, each of which git hashes and checks, into refs of ours.
 * @returns why they were refused; a person's clean-up may take a temporary file away, and is met by trying again
 */
async function fetchFit(
  plan: CollectPlan,
  wanted: readonly Wanted[],
  context: GitContext,
): Promise<string | undefined> {
  const { git, commonDir } = plan;
  const why = unfit(git.dir);
  if (why !== undefined) return why;
  await makeView(plan, wanted, context);
  const fetch = [
    ...['fetch', '--quiet', '--upload-pack=git-upload-pack', '--no-tags', '--no-write-fetch-head'],
    ...['--no-auto-maintenance', '--no-recurse-submodules', git.view],
    ...wanted.map(({ ref }, at) => `+refs/heads/${at}:${ref}`),
  ];
  const options = {
    ...context,
    cwd: commonDir,
    config: [...(context.config ?? []), ['fetch.fsckObjects', 'true'] satisfies [string, string]],
    env: { GIT_ALLOW_PROTOCOL: 'file' },
    timeoutMs: ALL_FILES_LIMIT_MS,
    allowFailure: true,
  };
  try {
    for (let tries = 1; ; tries += 1) {
      const { exitCode, stderr } = await runGit(fetch, options);
      if (exitCode === 0) {
        await collectLfs(plan);
        return undefined;
      }
      const failure = gitFailure({ subcommand: 'fetch', cwd: commonDir, exitCode }, stderr);
      if (GIT_ERRORS.git_disk_full.is(failure)) throw failure;
      if (tries === TRIES) return stderr.trim().split('\n').slice(-3).join('; ') || 'git could not read it';
      await sleep(PAUSE_MS);
    }
  } finally {
    await removeClone(git.view);
  }
}

/** By settings of ours alone: those in the agent's folder could start programs. */
async function makeView(
  { git, commonDir }: CollectPlan,
  wanted: readonly Wanted[],
  context: GitContext,
): Promise<void> {
  const { view, dir } = git;
  await removeClone(view);
  for (const folder of ['refs/heads', 'objects/info']) mkdirSync(join(view, folder), { recursive: true });
  const format = (
    await runGit(['rev-parse', '--show-object-format'], { ...context, cwd: commonDir })
  ).stdout.trim();
  const config = [
    '[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n\tcommitGraph = false\n\tmultiPackIndex = false',
    `[pack]\n\tuseBitmaps = false\n[extensions]\n\tobjectFormat = ${format}\n`,
  ];
  writeFileSync(join(view, 'config'), config.join('\n'));
  writeFileSync(join(view, 'HEAD'), 'ref: refs/heads/0\n');
  for (const [at, { tip }] of wanted.entries())
    writeFileSync(join(view, 'refs/heads', String(at)), `${tip}\n`);
  if (statsAt(join(commonDir, 'shallow'))?.isFile())
    copyFileSync(join(commonDir, 'shallow'), join(view, 'shallow'));
  // What the agent had added would be followed too.
  putAlternates(dir, []);
  for (const name of namesAt(join(dir, 'objects/info')) ?? [])
    if (name.startsWith('commit-graph')) await removeClone(join(dir, 'objects/info', name));
  rmSync(join(dir, 'objects/pack/multi-pack-index'), { force: true });
  putAlternates(view, [join(dir, 'objects'), join(commonDir, 'objects')]);
}

/** Files of git-lfs, each under its hash. One that is something else is no file of LFS, and stays where it is. */
async function collectLfs({ git: { dir }, commonDir }: CollectPlan): Promise<void> {
  const from = join(dir, 'lfs/objects');
  for (const entry of namesAt(from) === undefined
    ? []
    : readdirSync(from, { recursive: true, withFileTypes: true })) {
    const { name } = entry;
    if (!entry.isFile() || !/^[0-9a-f]{64}$/.test(name)) continue;
    const path = join(entry.parentPath, name);
    const folder = join(commonDir, 'lfs/objects', name.slice(0, 2), name.slice(2, 4));
    if (statsAt(join(folder, name)) === undefined && (await hashOf(path)) === name) {
      mkdirSync(folder, { recursive: true });
      copyFileSync(path, join(folder, `${name}.samocode`));
      renameSync(join(folder, `${name}.samocode`), join(folder, name));
    }
    rmSync(path);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
