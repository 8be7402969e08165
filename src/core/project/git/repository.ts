import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { plainGitDirIn } from '../../kernel/files/git-pointer.ts';
import type { ConfigEntry } from './config.ts';
import { type GitOptions, type GitResult, gitLine, gitSaysYes, runGit } from './git.ts';
import { GIT_ERRORS, type GitError, gitFailure, isGitsAnswer, REPOSITORY_ERRORS } from './git-errors.ts';

/** The options of git for a whole task; the task adds `cwd`. */
export type GitContext = Pick<GitOptions, 'signal' | 'baseEnv' | 'config' | 'runningGitDir'>;

/** The git options among the fields of a plan. */
export function gitContextOf({ signal, baseEnv, config, runningGitDir }: GitContext): GitContext {
  return { signal, baseEnv, config, runningGitDir };
}

export type RepositoryReading =
  /** `reason` is git's refusal to open an existing repository. */
  | { kind: 'none'; reason?: GitError }
  | { kind: 'bare'; gitDir: string }
  | { kind: 'empty'; toplevel: string; commonDir: string }
  | { kind: 'ready'; toplevel: string; commonDir: string; head: string };

// Asked in one call: a session starts with several such readings, and each git takes milliseconds to start.
// A folder that a clone carries can look like a git folder, with settings that name programs. `bareAround` refuses it
// before git reads it; the setting does, too, from git 2.38 on.
const REV_PARSE = ['-c', 'safe.bareRepository=explicit', 'rev-parse'];
const ASK = ['--is-bare-repository', '--git-common-dir', '--show-toplevel', '--verify', '--quiet'];

export async function readRepository(folder: string, context: GitContext): Promise<RepositoryReading> {
  const gitDir = bareAround(folder);
  if (gitDir !== undefined) return { kind: 'bare', gitDir };
  const ask = [...REV_PARSE, ...ASK, 'HEAD^{commit}'];
  let asked: GitResult;
  try {
    asked = await runGit(ask, { ...context, cwd: folder, allowFailure: true });
  } catch (error) {
    if (!isGitsAnswer(error)) throw error;
    return error.code === 'git_no_folder' ? { kind: 'none' } : { kind: 'none', reason: error };
  }
  const { exitCode, stdout, stderr } = asked;
  const refusal = gitFailure({ subcommand: 'rev-parse', cwd: folder, exitCode }, stderr, context.baseEnv);
  const [bare, common, toplevel, head] = stdout.split('\n').filter(Boolean);
  if (common === undefined)
    return { kind: 'none', reason: refusal.code === 'git_not_a_repository' ? undefined : refusal };
  const commonDir = await realpath(resolve(folder, common));
  if (bare === 'true') return { kind: 'bare', gitDir: commonDir };
  if (toplevel === undefined) throw refusal;
  return head ? { kind: 'ready', toplevel, commonDir, head } : { kind: 'empty', toplevel, commonDir };
}

/** The first folder from here upwards that git would take for a repository although it has no entry `.git`. */
function bareAround(folder: string): string | undefined {
  for (let at = resolve(folder); !existsSync(join(at, '.git')); at = dirname(at)) {
    if (LIKE_GIT_DIR.some((names) => names.every((name) => existsSync(join(at, name))))) return at;
    if (dirname(at) === at) return undefined;
  }
  return undefined;
}

const LIKE_GIT_DIR = [
  ['HEAD', 'objects', 'refs'],
  ['HEAD', 'commondir'],
];

/** The repository at a folder, usable for sessions: its top folder, with a commit. */
export async function requireRepository(
  folder: string,
  { homeDir, ...context }: GitContext & { homeDir?: string },
) {
  const reading = await readRepository(folder, context);
  switch (reading.kind) {
    case 'none':
      throw reading.reason ?? notARepository(folder, homeDir);
    case 'bare':
      throw REPOSITORY_ERRORS.not_a_repository({ folder, problem: 'bare' });
    case 'empty':
      throw REPOSITORY_ERRORS.no_commit({ folder });
    case 'ready':
      if (reading.toplevel === (await realpath(folder))) return reading;
      throw REPOSITORY_ERRORS.not_the_top_folder({ folder, toplevel: reading.toplevel });
    default:
      return reading satisfies never;
  }
}

export async function commitOf(name: string, options: GitOptions): Promise<string | undefined> {
  return (await commitsOf([name], options))[0];
}

/** The full hashes of names, undefined where no such commit exists. Starts one git process for all names. */
export async function commitsOf(
  names: readonly string[],
  options: GitOptions,
): Promise<(string | undefined)[]> {
  return await objectsOf(
    names.map((name) => `${name}^{commit}`),
    options,
  );
}

/** The same of any objects. That one is not there is an answer: git fails only if it cannot look. */
export async function objectsOf(
  names: readonly string[],
  options: GitOptions,
): Promise<(string | undefined)[]> {
  const input = names.map((name) => `${name}\n`).join('');
  const { stdout } = await runGit(['cat-file', '--batch-check=%(objectname)'], { ...options, input });
  const found = stdout.split('\n').map((line) => (/^[0-9a-f]+$/.test(line) ? line : undefined));
  return names.map((_, index) => found[index]);
}

/** The hash of a file or folder of a commit; undefined if it has none at that path. @throws GitError without the commit */
export async function hashIn(
  commit: string,
  { kind, path }: { kind: 'blob' | 'tree'; path: string },
  options: GitOptions,
): Promise<string | undefined> {
  const found = await gitLine(['ls-tree', '--full-tree', '-z', commit, '--', path], options);
  const [, is, hash] = found.split(/[ \t]/, 3);
  return is === kind ? hash : undefined;
}

/** The text of a file of a commit. @throws GitError as `hashIn` */
export async function textIn(commit: string, path: string, options: GitOptions): Promise<string | undefined> {
  const blob = await hashIn(commit, { kind: 'blob', path }, options);
  return blob && (await runGit(['cat-file', 'blob', blob], options)).stdout;
}

/**
 * Whether a commit is in the history of another. Not if one of the two is not here, as in a shallow clone or after a
 * forced push.
 */
export async function isAncestor(commit: string, of: string, options: GitOptions): Promise<boolean> {
  try {
    return await gitSaysYes(['merge-base', '--is-ancestor', commit, of], options);
  } catch (error) {
    if (!isGitsAnswer(error) || !(await commitsOf([commit, of], options)).includes(undefined)) throw error;
    return false;
  }
}

/**
 * The committer identity. git's guess from the host name does not count.
 * @param settings those in effect, if the caller has just read them: git is asked for what they do not plainly say
 */
export async function requireIdentity(
  folder: string,
  context: GitContext,
  settings: readonly ConfigEntry[] = [],
): Promise<{ name: string; email: string }> {
  const plain = plainIdentity(settings, context.baseEnv);
  if (plain) return plain;
  const { exitCode, stdout } = await runGit(['-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT'], {
    ...context,
    cwd: folder,
    allowFailure: true,
  });
  const ident = /^(.*) <(.*)> \d+ [+-]\d{4}$/.exec(stdout.trim());
  if (exitCode !== 0 || !ident?.[1] || !ident[2]) throw REPOSITORY_ERRORS.no_git_identity({ folder });
  return { name: ident[1], email: ident[2] };
}

function plainIdentity(settings: readonly ConfigEntry[], env: GitContext['baseEnv']) {
  const [name = '', email = ''] = ['name', 'email'].map(
    (part) => settings.findLast(({ key }) => key === `user.${part}`)?.value,
  );
  const isElsewhere =
    Object.keys(env).some((each) => /^(?:GIT_COMMITTER_|EMAIL$)/.test(each)) ||
    settings.some(({ key }) => key.startsWith('committer.'));
  // git strips other characters at the ends.
  return (
    !isElsewhere && [name, email].every((each) => /^\p{L}(?:[^<>\n]*\p{L})?$/u.test(each)) && { name, email }
  );
}

/** A repository is never created over the home folder or the whole disk. */
function notARepository(folder: string, homeDir: string | undefined) {
  const problem = takesInEverything(folder, homeDir) ? 'too_wide' : undefined;
  return REPOSITORY_ERRORS.not_a_repository({ folder, problem });
}

export function takesInEverything(folder: string, homeDir: string | undefined): boolean {
  return folder === homeDir || folder === parse(folder).root;
}

/**
 * The git folder shared by all worktrees of a repository: absolute, without links. git is asked unless `.git` is
 * plainly that folder.
 * @throws GitError when there is no repository, or none with an entry `.git`
 */
export async function commonDirOf(repository: string, context: GitContext): Promise<string> {
  if (bareAround(repository) !== undefined)
    throw GIT_ERRORS.git_not_a_repository({ subcommand: 'rev-parse', cwd: repository });
  const ask = [...REV_PARSE, '--path-format=absolute', '--git-common-dir'];
  return (await plainGitDirIn(repository)) ?? (await gitLine(ask, { ...context, cwd: repository }));
}

/**
 * The branch checked out in a working copy; undefined if HEAD is detached. Not git's short name, which is another one
 * while a tag has the name of the branch.
 */
export async function checkedOutBranch(path: string, context: GitContext): Promise<string | undefined> {
  const options = { ...context, cwd: path, allowFailure: 1 as const };
  const { exitCode, stdout } = await runGit(['symbolic-ref', '--quiet', 'HEAD'], options);
  return exitCode === 0 ? stdout.trim().replace(/^refs\/heads\//, '') : undefined;
}
