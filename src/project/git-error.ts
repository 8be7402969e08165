import { SamocodeError } from '../base/errors.ts';

export type GitErrorCode =
  | 'git_missing'
  | 'git_no_folder'
  | 'git_timeout'
  | 'git_not_a_repository'
  | 'git_unsafe_owner'
  | 'git_locked'
  | 'git_unreachable'
  | 'git_disk_full'
  | 'git_submodules'
  | 'git_failed';

/** git could not do what it was asked; its own words are the `cause`. */
export class GitError extends SamocodeError {
  readonly code: GitErrorCode;

  private constructor(code: GitErrorCode, what: string, why: string, hint: string, gitText?: string) {
    super(what, why, hint, gitText ? { cause: new Error(gitText) } : undefined);
    this.code = code;
  }

  static missing(): GitError {
    return new GitError(
      'git_missing',
      'git could not be started.',
      'There is no program "git" on PATH.',
      'Install git, or start the client with a PATH that has it.',
    );
  }

  static noFolder(cwd: string): GitError {
    return new GitError(
      'git_no_folder',
      'git was not started.',
      `The folder ${cwd} does not exist.`,
      'Make the folder, or correct the path in .samocode.',
    );
  }

  static timeout(subcommand: string, cwd: string, timeoutMs: number): GitError {
    return new GitError(
      'git_timeout',
      `"git ${subcommand}" was ended.`,
      `It had not finished in ${cwd} after ${Math.round(timeoutMs / 1000)} s.`,
      'Run it there by hand to see what it waits for: a password, a slow disk, a network that does not answer.',
    );
  }

  /** @param gitText git's stderr in the C locale, from which the kind of failure is read */
  static failed(subcommand: string, cwd: string, exitCode: number | null, gitText: string): GitError {
    const what = `"git ${subcommand}" failed in ${cwd}.`;
    const known = KNOWN.find(({ pattern }) => pattern.test(gitText));
    if (known) return new GitError(known.code, what, known.why, known.hint, gitText);
    const why = exitCode === null ? 'A signal ended it.' : `Its exit status was ${exitCode}.`;
    return new GitError('git_failed', what, why, 'Run it there by hand to read what git says.', gitText);
  }
}

const KNOWN: ReadonlyArray<{ code: GitErrorCode; pattern: RegExp; why: string; hint: string }> = [
  {
    code: 'git_unsafe_owner',
    pattern: /detected dubious ownership/,
    why: 'The repository belongs to another user, so git refuses to open it.',
    hint: 'If you trust it: git config --global --add safe.directory <the folder>.',
  },
  {
    code: 'git_not_a_repository',
    pattern: /not a git repository|must be run in a work tree/,
    why: 'There is no git working copy at this place.',
    hint: 'Choose the folder of a repository, or make one with setup_project and init_repository.',
  },
  {
    code: 'git_locked',
    pattern: /\.lock': File exists|Another git process seems to be running/,
    why: 'Another git process holds the lock of this repository, or one that crashed left it.',
    hint: 'Try again in a moment; if no git runs there, remove the lock file that git names.',
  },
  {
    code: 'git_disk_full',
    pattern: /No space left on device|Disk quota exceeded/,
    why: 'The disk is full.',
    hint: 'Free some space and try again.',
  },
  {
    code: 'git_submodules',
    pattern: /working trees containing submodules cannot be/,
    why: 'The worktree has submodules, and samocode does not check them for work that would be lost.',
    hint: 'Check the submodules and push what you want to keep; then remove the worktree with "git worktree remove --force <path>" and try again.',
  },
  {
    code: 'git_unreachable',
    pattern:
      /Could not resolve host|Could not read from remote repository|unable to access|Connection (?:refused|timed out)|does not appear to be a git repository|terminal prompts disabled|Authentication failed/i,
    why: 'The remote repository did not answer, or did not let us in.',
    hint: 'Check the network and that "git fetch" works there without asking for a password.',
  },
];
