import {
  closeSync,
  copyFileSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock } from '../../kernel/clock.ts';
import { hashOfOpen } from '../../kernel/files/append-only-file.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { ALL_FILES_LIMIT_MS, inGitDir, runGit } from '../../project/git/git.ts';
import { GIT_ERRORS, gitFailure } from '../../project/git/git-errors.ts';
import { borrow } from '../../project/git/own-repository.ts';
import { removeTree } from '../../project/git/remove-tree.ts';
import { commitOf, commitsOf, type GitContext, isAncestor } from '../../project/git/repository.ts';
import type { PrivateGitPlan } from './make-private-git.ts';
import { isPlainFolder, privateHead, privateHeads, privateRef, readNote, writeNote } from './private-git.ts';

export interface CollectPlan extends PrivateGitPlan {
  worktreePath: string;
  /** The prefix of refs kept apart from branches: `refs/samocode/<session>/`. */
  ownRefs: string;
  message: string;
}

export interface Collected {
  /**
   * `aside`: a person moved the branch in the meantime, so the agent's commits are kept under a ref of ours;
   * `refused`: the objects are damaged, too large or not plain files; none was taken.
   */
  kind: 'nothing' | 'moved' | 'aside' | 'refused' | 'branch_gone';
  /** Git's message, or ours. */
  why?: string;
  /** New refs for commits that no branch of the repository has. */
  others: string[];
  /** The branch or commit the agent has checked out, if not the session's branch. */
  head?: string;
  /** The lock that prevented, since this call, an update of the worktree's index; each call tries again. */
  lockedBy?: string;
}

/**
 * Transfers an agent's commits into the repository: objects by a fetch that checks each, then the branch, then the
 * worktree's index; files stay as they are. Called when no process of the agent runs. Idempotent, also after a crash at
 * any point.
 * @throws GitError if the repository can't be written
 */
export async function collectPrivateGit(plan: CollectPlan, context: GitContext): Promise<Collected> {
  const { git, branch, gitDir } = plan;
  const note = await readNote(git);
  // The folder is missing if an earlier call crashed right after moving it aside.
  if (note?.branch !== branch || namesAt(git.dir) === undefined) return { kind: 'nothing', others: [] };
  const tip = await privateRef(git.dir, `refs/heads/${branch}`);
  const end = tip === note.tip ? NOTHING : await collectBranch(plan, { tip, from: note.tip }, context);
  const others = end.kind === 'refused' ? [] : await othersIn(plan, context);
  const why = end.why ?? (others.length > 0 ? await fetchFit(plan, others, context) : undefined);
  if (why !== undefined) {
    await removeTree(git.refused);
    renameSync(git.dir, git.refused);
  }
  if (why !== undefined || tip === undefined) rmSync(git.note);
  if (why !== undefined) return { kind: 'refused', why, others: [] };
  const isBehind = end.kind === 'moved' || note.isIndexBehind === true;
  const lockedBy = isBehind ? await updateIndex(plan, context) : undefined;
  // Only now: until the note says so, a worker that dies leaves this to the next one.
  const isIndexBehind = lockedBy === undefined ? undefined : true;
  if (tip !== undefined && (tip !== note.tip || isIndexBehind !== note.isIndexBehind))
    await writeNote(git, { branch, tip, isIndexBehind });
  const head = await privateHead(git.dir, basename(gitDir));
  return {
    ...end,
    others: others.map(({ ref }) => ref),
    ...(head !== `refs/heads/${branch}` && { head }),
    ...(lockedBy !== undefined && !note.isIndexBehind && { lockedBy }),
  };
}

const LOCK_LIMIT_MS = 2000;
const LOCK_PAUSE_MS = 100;

/**
 * Updates the worktree's index; files stay as they are. Waits for a lock that an editor's git holds for a moment.
 * @returns the lock that stayed
 */
async function updateIndex(
  { worktreePath: cwd, gitDir }: CollectPlan,
  context: GitContext,
): Promise<string | undefined> {
  const options = { ...context, cwd, timeoutMs: ALL_FILES_LIMIT_MS, allowFailure: true };
  const lock = join(gitDir, 'index.lock');
  for (let waitedMs = 0; ; waitedMs += LOCK_PAUSE_MS) {
    if ((await runGit(['reset', '--quiet', '--mixed'], options)).exitCode === 0) return undefined;
    if (statsAt(lock) === undefined && waitedMs > 0) return undefined;
    if (waitedMs >= LOCK_LIMIT_MS) return lock;
    await systemClock.sleep(LOCK_PAUSE_MS);
  }
}

type End = Pick<Collected, 'kind' | 'why'>;
const NOTHING: End = { kind: 'nothing' };

async function collectBranch(
  plan: CollectPlan,
  { tip, from }: { tip: string | undefined; from: string },
  context: GitContext,
): Promise<End> {
  if (tip === undefined) return { kind: 'branch_gone' };
  const { commonDir, branch, ownRefs } = plan;
  const incoming = { tip, ref: `${ownRefs}incoming` };
  const why = await fetchFit(plan, [incoming], context);
  if (why !== undefined) return { kind: 'refused', why };
  const ref = `refs/heads/${branch}`;
  // Fails unless the branch is where the agent began, so git need not be asked first.
  const isMoved = from !== '' && (await moveTo(plan, { ...incoming, moved: ref, now: from }, context));
  if (!isMoved) {
    const main = inGitDir(commonDir, context);
    const now = (await commitOf(ref, main)) ?? '0'.repeat(tip.length);
    // If a person moved the branch in the meantime, the agent's commits must not replace theirs.
    const isOurs = now === from || (await isAncestor(now, tip, main));
    const moved = isOurs ? { moved: ref, now } : { moved: `${ownRefs}heads/${branch}` };
    await moveTo(plan, { ...incoming, ...moved, isRequired: true }, context);
    if (!isOurs) return { kind: 'aside' };
  }
  return { kind: 'moved' };
}

interface Move extends Wanted {
  moved: string;
  /** Its commit until then, if that is required. */
  now?: string;
  isRequired?: boolean;
}

/**
 * Moves a ref to fetched commits and drops the ref that held them, both or neither.
 * @returns whether it did; throws instead if it `isRequired`
 */
async function moveTo(
  { worktreePath: cwd, message }: CollectPlan,
  { tip, ref, moved, now, isRequired = false }: Move,
  context: GitContext,
): Promise<boolean> {
  const lines = [`update ${moved} ${tip}${now === undefined ? '' : ` ${now}`}`, `delete ${ref}`];
  const input = lines.map((line) => `option no-deref\n${line}\n`).join('');
  const options = { ...context, cwd, input, allowFailure: !isRequired };
  return (await runGit(['update-ref', '-m', message, '--stdin'], options)).exitCode === 0;
}

interface Wanted {
  tip: string;
  ref: string;
}

const MAX_OTHERS = 20;

/** Branches with commits that the repository lacks, and such a commit on a detached HEAD. */
async function othersIn(
  { git, commonDir, branch, ownRefs, gitDir }: CollectPlan,
  context: GitContext,
): Promise<Wanted[]> {
  const heads = await privateHeads(git.dir);
  const head = await privateHead(git.dir, basename(gitDir));
  if (head !== undefined && !head.startsWith('refs/')) heads.set('refs/heads/HEAD', head);
  // The session branch already has a ref, even if kept aside.
  heads.delete(`refs/heads/${branch}`);
  // Most are copies of the user's branches, as can be seen without git.
  const users = await privateHeads(commonDir);
  const own = [...heads].filter(([ref, tip]) => users.get(ref) !== tip);
  const there =
    own.length > 0
      ? await commitsOf(
          own.map(([, tip]) => tip),
          inGitDir(commonDir, context),
        )
      : [];
  return own
    .filter((_, at) => there[at] === undefined)
    .slice(0, MAX_OTHERS)
    .map(([ref, tip]) => ({ tip, ref: ref.replace('refs/', ownRefs) }));
}

const MAX_BYTES = 2 * 1024 ** 3;

/**
 * Returns the reason for refusing the objects without reading them: judged by names and sizes only, since opening a
 * pipe would hang.
 */
function unfit(dir: string): string | undefined {
  const odd = ['objects/info', 'objects/pack', 'lfs'].find((folder) => !isPlainFolder(dir, folder));
  if (odd !== undefined) return `${odd} is not a folder`;
  let bytes = 0;
  for (const entry of ['objects', 'lfs'].flatMap((folder) => entriesBelow(join(dir, folder)))) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) bytes += lstatSync(path).size;
    else if (!entry.isDirectory()) return `${path.slice(dir.length + 1)} is not a plain file`;
  }
  return bytes > MAX_BYTES ? 'its new objects are larger than 2 GB in total' : undefined;
}

function entriesBelow(folder: string) {
  return namesAt(folder) === undefined ? [] : readdirSync(folder, { recursive: true, withFileTypes: true });
}

const TRIES = 3;
const PAUSE_MS = 500;
const FETCH = [
  ...['fetch', '--quiet', '--upload-pack=git-upload-pack', '--no-tags', '--no-write-fetch-head'],
  ...['--no-auto-maintenance', '--no-recurse-submodules'],
];

/**
 * Fetches objects, which git hashes and checks, into refs of ours.
 * @returns why they were refused; retries, because a concurrent gc by the user can remove a temporary file
 */
async function fetchFit(
  plan: CollectPlan,
  wanted: readonly Wanted[],
  context: GitContext,
): Promise<string | undefined> {
  const { git, commonDir } = plan;
  const why = unfit(git.dir);
  if (why !== undefined) return why;
  await makeView(plan, wanted);
  const options = inGitDir(commonDir, {
    ...context,
    config: [...(context.config ?? []), ['fetch.fsckObjects', 'true'] satisfies [string, string]],
    env: { GIT_ALLOW_PROTOCOL: 'file' },
    timeoutMs: ALL_FILES_LIMIT_MS,
    allowFailure: true,
  });
  const args = [...FETCH, git.view, ...wanted.map(({ ref }, at) => `+refs/heads/${at}:${ref}`)];
  for (let tries = 1; ; tries += 1) {
    const { exitCode, stderr } = await runGit(args, options);
    if (exitCode === 0) break;
    const failure = gitFailure({ subcommand: 'fetch', cwd: commonDir, exitCode }, stderr, context.baseEnv);
    if (GIT_ERRORS.git_disk_full.is(failure)) throw failure;
    if (tries === TRIES) return stderr.trim().split('\n').slice(-3).join('; ') || 'git could not read them';
    await systemClock.sleep(PAUSE_MS);
  }
  await removeTree(git.view);
  collectLfs(plan);
  return undefined;
}

const SHA1 = '[core]\n\trepositoryformatversion = 0\n\tbare = false\n';
const SHA256 = '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n';

function isSha256([first]: readonly Wanted[]): boolean {
  return (first?.tip.length ?? 0) > 40;
}

/** A separate repository that borrows the objects: settings in the agent's folder could start programs. */
async function makeView(
  { git: { view, dir }, commonDir }: CollectPlan,
  wanted: readonly Wanted[],
): Promise<void> {
  // Remove the agent's alternates and object indexes.
  for (const name of namesAt(join(dir, 'objects/info')) ?? [])
    await removeTree(join(dir, 'objects/info', name));
  rmSync(join(dir, 'objects/pack/multi-pack-index'), { force: true });
  await removeTree(view);
  // What `git init` would make, as far as a fetch reads it.
  const gitDir = join(view, '.git');
  makeFolder(join(gitDir, 'refs/heads'));
  writeFileSync(join(gitDir, 'HEAD'), 'ref: refs/heads/0\n');
  writeFileSync(join(gitDir, 'config'), isSha256(wanted) ? SHA256 : SHA1);
  await borrow(view, [dir, commonDir]);
  for (const [at, { tip }] of wanted.entries())
    writeFileSync(join(gitDir, 'refs/heads', `${at}`), `${tip}\n`);
  const shallow = join(commonDir, 'shallow');
  if (statsAt(shallow)?.isFile()) copyFileSync(shallow, join(view, '.git/shallow'));
}

/** Copies git-lfs files that the repository lacks and whose content matches the hash in their name. */
function collectLfs({ git: { dir }, commonDir }: CollectPlan): void {
  for (const entry of entriesBelow(join(dir, 'lfs/objects'))) {
    const { name } = entry;
    const from = join(entry.parentPath, name);
    const to = join(commonDir, 'lfs/objects', name.slice(0, 2), name.slice(2, 4), name);
    if (!entry.isFile() || statsAt(to) !== undefined || fingerprintAt(from) !== name) continue;
    makeFolder(join(to, '..'));
    copyFileSync(from, `${to}.samocode`);
    renameSync(`${to}.samocode`, to);
  }
}

function fingerprintAt(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    return hashOfOpen(descriptor).digest('hex');
  } finally {
    closeSync(descriptor);
  }
}
