import { commitInFiles, plainGitDirIn } from '../../kernel/files/git-pointer.ts';
import { counted } from '../../kernel/text.ts';
import { type ConfigEntry, configEntries } from '../git/config.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { type GitError, isGitsAnswer } from '../git/git-errors.ts';
import { defaultRemote, remoteOfBase, remotesOf } from '../git/remotes.ts';
import { commitOf, commitsOf, type GitContext } from '../git/repository.ts';
import { WORKTREE_ERRORS } from './worktree-errors.ts';

/**
 * The commit at which a session's branch starts; recorded with the session, so that every later diff is the same.
 */
export interface BaseCommit {
  commit: string;
  /** The source of the commit: `origin/main`, `main`, or the name given by the call. */
  name: string;
  /** The full name of its branch, because a local one may be called like one of a remote; absent for anything else. */
  ref?: string;
  /** A note for people if the base may be older than expected. */
  warning?: string;
}

export interface BaseQuestion extends GitContext {
  mainRepo: string;
  /** A branch, tag or commit to use instead of the default branch. */
  base?: string;
}

/** With the settings of git, read once. */
type Asking = GitOptions & { settings?: readonly ConfigEntry[] };

const FETCH_LIMIT_MS = 120_000;

/**
 * The commit a new session starts from: after a fetch, the remote's default branch, as the remote reports it;
 * without a remote, the local default branch. The checked-out branch is used only if there is none.
 */
export async function resolveBase({ mainRepo, base, ...context }: BaseQuestion): Promise<BaseCommit> {
  const asked = { ...context, cwd: mainRepo };
  const options = { ...asked, settings: await configEntries(asked) };
  const remote = await remoteFor(base, options);
  if (!remote) return base ? await namedBase(base, undefined, options) : await localDefault(options);
  const offline = await refusedFetch(remote, options);
  if (base) return withWarning(await namedBase(base, remote, options), offline && STALE_BASE);
  if (offline) return await lastFetched(remote, options);
  return await askedOfRemote(remote, options);
}

// Names the remote program, because a repository's settings could name another one to run.
const FETCH = ['fetch', '--no-recurse-submodules', '--upload-pack=git-upload-pack'];
const LS_REMOTE = ['ls-remote', '--upload-pack=git-upload-pack'];
export const STALE_BASE = 'The remote did not respond: this commit may be older than the one there.';

/** The remote that a base names, or that the local branch of this name follows; otherwise the default one. */
async function remoteFor(base = '', options: Asking): Promise<string | undefined> {
  const remotes = await remotesOf(options, options.settings);
  const ask = ['for-each-ref', '--format=%(upstream:remotename)', `refs/heads/${base}`];
  const followed = base && remotes.length > 1 ? await gitLine(ask, options) : '';
  const ofBranch = remotes.find(({ name }) => name === followed);
  return (remoteOfBase(base, remotes) ?? ofBranch ?? defaultRemote(remotes))?.name;
}

async function refusedFetch(remote: string, options: GitOptions): Promise<GitError | undefined> {
  const fetch = () =>
    refusal(runGit([...FETCH, '--quiet', '--', remote], { ...options, timeoutMs: FETCH_LIMIT_MS }));
  const refused = await fetch();
  if (!refused || refused.code === 'git_unreachable' || refused.code === 'git_timeout') return refused;
  // Retry: of two concurrent fetches, one fails because of the other's locks.
  return await fetch();
}

async function askedOfRemote(remote: string, options: Asking): Promise<BaseCommit> {
  let answer = '';
  const unanswered = await refusal(
    runGit([...LS_REMOTE, '--symref', '--', remote, 'HEAD'], { ...options, timeoutMs: FETCH_LIMIT_MS }).then(
      ({ stdout }) => {
        answer = stdout;
      },
    ),
  );
  if (unanswered) return await lastFetched(remote, options);
  const branch = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(answer)?.[1];
  const hash = /^([0-9a-f]{40,64})\tHEAD$/m.exec(answer)?.[1];
  const name = `${remote}/${branch ?? 'HEAD'}`;
  const ref = `refs/remotes/${name}`;
  const tracked = branch ? await commitOf(ref, options) : undefined;
  if (tracked) return { commit: tracked, name, ref };
  // With a narrow refspec (a single-branch clone) an ordinary fetch leaves out the default branch.
  if (branch) await refusal(runGit([...FETCH, '--quiet', '--', remote, `refs/heads/${branch}`], options));
  const fetched = hash ? await commitOf(hash, options) : undefined;
  if (fetched) return { commit: fetched, name, ...(branch && { ref }) };
  const warning = `The remote "${remote}" has no default branch with a commit; the local one was used.`;
  return withWarning(await localDefault(options), warning);
}

async function lastFetched(remote: string, options: Asking): Promise<BaseCommit> {
  const head = await runGit(['symbolic-ref', '--quiet', `refs/remotes/${remote}/HEAD`], {
    ...options,
    allowFailure: 1,
  });
  const usual = usualNames(options).map((name) => `refs/remotes/${remote}/${name}`);
  const found = await firstOf([head.stdout.trim(), ...usual], options);
  if (found) return withWarning(found, STALE_BASE);
  const warning = `The remote "${remote}" did not respond, and its default branch is not known here; the local one was used.`;
  return withWarning(await localDefault(options), warning);
}

async function localDefault(options: Asking): Promise<BaseCommit> {
  const usual = await firstOf(
    usualNames(options).map((name) => `refs/heads/${name}`),
    options,
  );
  if (usual) return usual;
  const heads = await gitLine(['for-each-ref', '--format=%(refname)', '--count=2', 'refs/heads/'], options);
  const only = heads.includes('\n') ? undefined : await firstOf([heads], options);
  if (only) return only;
  const head = await commitOf('HEAD', options);
  if (!head) throw WORKTREE_ERRORS.base_not_found({ base: 'HEAD' });
  const warning = 'There is no branch main or master, so the checked-out commit was used.';
  return { commit: head, name: 'HEAD', warning };
}

/** The first of these branches that exists. Git is asked only if the first ref has no file. */
async function firstOf(refs: readonly string[], options: GitOptions): Promise<BaseCommit | undefined> {
  const gitDir = await plainGitDirIn(options.cwd);
  const inFile = gitDir && refs[0] && (await commitInFiles(gitDir, refs[0]));
  const commits = inFile ? [inFile] : await commitsOf(refs, options);
  const at = commits.findIndex((commit) => commit !== undefined);
  const [commit, ref] = [commits[at], refs[at]];
  return commit && ref ? { commit, name: ref.replace(BRANCH, ''), ref } : undefined;
}

/** Refuses a base with an invalid name, or one missing where there is no remote. */
export async function requireBase({
  mainRepo,
  base,
  ...context
}: BaseQuestion & { base: string }): Promise<void> {
  if (/\p{Cc}/u.test(base) || base.length > MAX_CHARACTERS) throw WORKTREE_ERRORS.base_not_found({ base });
  const options = { ...context, cwd: mainRepo };
  // The remote's refs are known only after a fetch, by the worker.
  if (!(await remoteFor(base, options))) await namedBase(base, undefined, options);
}

const MAX_CHARACTERS = 500;

/**
 * Branches first: a tag of the same name is rarely meant. What begins with the name of a remote is that remote's, also
 * where a local branch is called like it.
 */
async function namedBase(base: string, remote: string | undefined, options: GitOptions): Promise<BaseCommit> {
  const there = `refs/remotes/${base}`;
  const places: [place: string, name: string][] = [
    ...(remote && base.startsWith(`${remote}/`) ? [[there, base] as [string, string]] : []),
    [`refs/heads/${base}`, base],
    ...(remote ? [[`refs/remotes/${remote}/${base}`, `${remote}/${base}`] as [string, string]] : []),
    [there, base],
    // A full name, a hash, HEAD, a tag, or an expression based on one.
    [base, base.replace(BRANCH, '')],
  ];
  for (const [place, name] of places) {
    const commit = await commitOf(place, options);
    if (!commit) continue;
    const found = { commit, name, ...(BRANCH.test(place) && { ref: place }) };
    const isBranch = place === `refs/heads/${base}` && !EXPRESSION.test(base);
    return remote && isBranch ? await orFetched(found, remote, options) : found;
  }
  throw WORKTREE_ERRORS.base_not_found({ base });
}

/** The branch of the remote if the local one is only behind: a person names the branch, not the time of the last pull. */
async function orFetched(local: BaseCommit, remote: string, options: GitOptions): Promise<BaseCommit> {
  const name = `${remote}/${local.name}`;
  const ref = `refs/remotes/${name}`;
  const commit = await commitOf(ref, options);
  if (!commit || commit === local.commit) return local;
  const sides = ['--left-right', '--count', `${local.commit}...${commit}`, '--'];
  const [own = 0, missing = 0] = (await gitLine(['rev-list', ...sides], options)).split('\t').map(Number);
  if (own === 0) return { commit, name, ref };
  const lacks = missing === 0 ? '' : `, and lacks ${counted(missing, 'commit')} of it`;
  const warning = `The session starts from the local branch ${local.name}, which has ${counted(own, 'commit')} that ${name} lacks${lacks}. To start from what was fetched, name the base ${name}.`;
  return withWarning(local, warning);
}

/** What no name of a branch contains. */
const EXPRESSION = /[~^:]|@\{/;

const BRANCH = /^refs\/(?:heads|remotes)\//;

function usualNames({ settings = [] }: Asking): string[] {
  const configured = settings.findLast(({ key }) => key === 'init.defaultbranch')?.value ?? '';
  return [...new Set([configured, 'main', 'master'])].filter((name) => /^.+$/.test(name));
}

/** Returns the error of a git call that can fail for lack of a remote; still throws if git is missing. */
async function refusal(call: Promise<unknown>): Promise<GitError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (isGitsAnswer(error)) return error;
    throw error;
  }
}

function withWarning(base: BaseCommit, warning: string | undefined): BaseCommit {
  return warning ? { ...base, warning: [warning, base.warning].filter(Boolean).join(' ') } : base;
}
