import { realpath } from 'node:fs/promises';
import { parse, resolve } from 'node:path';
import { SamocodeError } from '../base/errors.ts';
import { type GitOptions, gitLine, runGit } from './git.ts';
import { GitError } from './git-error.ts';

/** How git is run for a whole task; `cwd` comes from the task. */
export type GitContext = Pick<GitOptions, 'signal' | 'baseEnv' | 'config'>;

export type RepositoryReading =
  /** `reason` is git's refusal when there is something that it will not open. */
  | { kind: 'none'; reason?: GitError }
  | { kind: 'bare'; gitDir: string }
  /** A repository without its first commit. */
  | { kind: 'empty'; toplevel: string; commonDir: string }
  | { kind: 'ready'; toplevel: string; commonDir: string; head: string };

/** What git knows about a folder. Paths are absolute, links resolved. */
export async function readRepository(folder: string, context: GitContext): Promise<RepositoryReading> {
  const options = { ...context, cwd: folder };
  let answer: string;
  try {
    const { stdout } = await runGit(['rev-parse', '--is-bare-repository', '--git-common-dir'], options);
    answer = stdout;
  } catch (error) {
    if (!(error instanceof GitError) || error.code === 'git_missing') throw error;
    return error.code === 'git_not_a_repository' || error.code === 'git_no_folder'
      ? { kind: 'none' }
      : { kind: 'none', reason: error };
  }
  const [bare, common = ''] = answer.trim().split('\n');
  const commonDir = await realpath(resolve(folder, common));
  if (bare === 'true') return { kind: 'bare', gitDir: commonDir };
  const toplevel = await gitLine(['rev-parse', '--show-toplevel'], options);
  const head = await commitOf('HEAD', options);
  return head ? { kind: 'ready', toplevel, commonDir, head } : { kind: 'empty', toplevel, commonDir };
}

/**
 * The repository at a folder, ready for sessions: its top folder, with a commit.
 * @throws NotARepositoryError, NoCommitError, GitError
 */
export async function requireRepository(
  folder: string,
  { homeDir, ...context }: GitContext & { homeDir?: string },
) {
  const reading = await readRepository(folder, context);
  switch (reading.kind) {
    case 'none':
      throw reading.reason ?? notARepository(folder, homeDir);
    case 'bare':
      throw new NotARepositoryError(folder, {
        why: 'It is a bare repository, without a working copy.',
        hint: 'Choose a clone of it that has one.',
      });
    case 'empty':
      throw new NoCommitError(folder);
    case 'ready':
      if (reading.toplevel === (await realpath(folder))) return reading;
      throw new NotTheTopError(folder, reading.toplevel);
    default:
      return reading satisfies never;
  }
}

/** The full hash that a name stands for, or undefined where there is no such commit. */
export async function commitOf(name: string, options: GitOptions): Promise<string | undefined> {
  // rev-parse would read a leading dash as an option of its own.
  if (name.startsWith('-') || name === '') return undefined;
  const { exitCode, stdout } = await runGit(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], {
    ...options,
    allowFailure: true,
  });
  return exitCode === 0 ? stdout.trim() : undefined;
}

/**
 * Who commits here. git's guess from the machine's name does not count.
 * @throws NoIdentityError when user.name or user.email is not set; we never write them
 */
export async function requireIdentity(
  folder: string,
  context: GitContext,
): Promise<{ name: string; email: string }> {
  const { exitCode, stdout } = await runGit(['-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT'], {
    ...context,
    cwd: folder,
    allowFailure: true,
  });
  const ident = /^(.*) <(.*)> \d+ [+-]\d{4}$/.exec(stdout.trim());
  if (exitCode !== 0 || !ident?.[1] || !ident[2]) throw new NoIdentityError(folder);
  return { name: ident[1], email: ident[2] };
}

export class NotARepositoryError extends SamocodeError {
  readonly code = 'not_a_repository';

  /** @param no why a repository cannot be made there either, and what to do instead */
  constructor(folder: string, no?: { why: string; hint: string }) {
    super(
      `${folder} cannot be MAIN_REPO.`,
      no?.why ?? 'There is no git repository there, and no session works without one.',
      no?.hint ??
        'Choose another folder, or, if the person agrees to "git init" and a first commit there, call setup_project with init_repository: true ("samocode init --git-init").',
    );
  }
}

/** As things are; over the home folder or the whole disk none is ever made. */
function notARepository(folder: string, homeDir: string | undefined): NotARepositoryError {
  return takesInEverything(folder, homeDir) ? new TooWideError(folder) : new NotARepositoryError(folder);
}

export function takesInEverything(folder: string, homeDir: string | undefined): boolean {
  return folder === homeDir || folder === parse(folder).root;
}

export class TooWideError extends NotARepositoryError {
  constructor(folder: string) {
    super(folder, {
      why: 'A repository over the whole home folder or disk would take in everything.',
      hint: 'Choose another folder, that of one project.',
    });
  }
}

class NoCommitError extends SamocodeError {
  readonly code = 'no_commit';

  constructor(folder: string) {
    super(
      `${folder} cannot be MAIN_REPO yet.`,
      'The repository has no commit, and a branch must begin at one.',
      'Commit something, or, if the person agrees to a first commit, call setup_project with init_repository: true ("samocode init --git-init").',
    );
  }
}

class NotTheTopError extends SamocodeError {
  readonly code = 'not_the_top_folder';

  constructor(folder: string, toplevel: string) {
    super(
      `${folder} cannot be MAIN_REPO.`,
      `It is a folder inside the repository ${toplevel}.`,
      `Set MAIN_REPO to ${toplevel}.`,
    );
  }
}

export class NoIdentityError extends SamocodeError {
  readonly code = 'no_git_identity';

  constructor(folder: string) {
    super(
      `Nobody could commit in ${folder}.`,
      'git does not know user.name or user.email.',
      'Set both: git config --global user.name "Your Name" and git config --global user.email you@example.com.',
    );
  }
}
