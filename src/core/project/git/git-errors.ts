import type { NextStep } from '../../kernel/acts.ts';
import { errors, SamocodeError } from '../../kernel/errors.ts';
import { quotedSaid, saidBy } from '../../kernel/said.ts';

export const GIT_ERRORS = errors({
  git_missing: () => ({
    what: 'git could not be started.',
    why: 'There is no program "git" on PATH.',
    hint: 'Install git, or start the client with a PATH that has it.',
  }),
  git_no_folder: ({ cwd }: { cwd: string }) => ({
    what: 'git was not started.',
    why: `The folder ${cwd} does not exist.`,
    hint: 'Create the folder, or correct the path in .samocode.',
  }),
  git_timeout: ({ subcommand, cwd, seconds }: Call & { seconds: number }) => ({
    what: `"git ${subcommand}" was stopped.`,
    why: `It had not finished in ${cwd} after ${seconds} s.`,
    hint: 'It may be waiting for a password, a slow disk or a network that does not respond. See to that and try again.',
  }),
  git_output_cut: ({ subcommand, cwd, limit }: Call & { limit: string }) => ({
    what: `"git ${subcommand}" was stopped in ${cwd}, and nothing was concluded from what it had printed.`,
    why: `Its output was cut at ${limit}: the rest is unknown.`,
    hint: 'Make what it lists smaller: ignore or remove generated files, delete branches that are not needed, or split the work into smaller commits. Then try again.',
  }),
  git_settings_unread: ({ cwd }: { cwd: string }) => ({
    what: `git was not started in ${cwd}.`,
    why: 'The settings of its repository could not be read completely, so the programs that they start are not known.',
    hint: 'Run "git config --list --show-origin" there, correct or shorten what it prints, and try again.',
  }),
  git_failed: (call: FailedCall) => ({
    what: failed(call),
    why: `Its exit status was ${call.exitCode}.${said(call)}`,
    hint: 'Correct what git names, then try again.',
  }),
  git_killed: (call: Call) => ({
    what: `"git ${call.subcommand}" was ended in ${call.cwd}, and nothing was concluded from it.`,
    why: `A signal that samocode did not send ended it, as the system does when memory runs out.${said(call)}`,
    hint: 'End what takes the memory, or what ends programs; then try again.',
  }),
  git_unsafe_owner: (call: Call) => ({
    what: failed(call),
    why: `The repository belongs to another user, so git refuses to open it.${said(call)}`,
    hint: 'If you trust it: git config --global --add safe.directory <the folder>.',
  }),
  git_not_a_repository: (call: Call) => ({
    what: failed(call),
    why: `The folder is not a git working copy.${said(call)}`,
    hint: 'Choose the folder of a repository.',
    next: [initThere(call.cwd, 'to create one there')],
  }),
  git_locked: (held: Call | { lock: string }) => ({
    what: 'lock' in held ? 'Nothing was changed.' : failed(held),
    why: `${'lock' in held ? `The lock file ${held.lock} exists` : 'The repository is locked'}: another git command is running there, or one that crashed left the lock behind.${'lock' in held ? '' : said(held)}`,
    hint: 'Try again once that command has ended; if no git process is running there, remove the lock file.',
  }),
  git_disk_full: (call: Call) => ({
    what: failed(call),
    why: `The disk is full.${said(call)}`,
    hint: 'Free some space and try again.',
  }),
  git_submodules: (call: Call) => ({
    what: failed(call),
    why: 'A submodule of the worktree has changes or commits that would be lost, or was not checked out by samocode.',
    hint: 'Check the submodules and push what you want to keep; then remove the worktree with "git worktree remove --force <path>" and try again.',
  }),
  git_damaged: (call: Call) => ({
    what: failed(call),
    why: `An object of the repository is missing or does not match its hash.${said(call)}`,
    hint: 'Run "git fsck" in the main checkout to see which one; fetch it again, or restore it from a backup.',
  }),
  git_unreachable: (call: Call) => ({
    what: failed(call),
    why: `The remote repository did not respond, or refused access.${said(call)}`,
    hint: 'Check the network and that "git fetch" works there without asking for a password.',
  }),
});

interface Call {
  subcommand: string;
  cwd: string;
  /** The last lines that git printed, for people. */
  said?: string;
}

interface FailedCall extends Call {
  /** Null when a signal ended it. */
  exitCode: number | null;
}

function said(call: Call): string {
  return quotedSaid(call.said ?? '', 'git');
}

function failed({ subcommand, cwd }: Call): string {
  return `"git ${subcommand}" failed in ${cwd}.`;
}

type GitErrorCode = keyof typeof GIT_ERRORS;
export type GitError = SamocodeError<GitErrorCode>;

export function isGitError(error: unknown): error is GitError {
  return error instanceof SamocodeError && Object.hasOwn(GIT_ERRORS, error.code);
}

/** Whether git itself said that something cannot be done, or is not there to be read. */
export function isGitsAnswer(error: unknown): error is GitError {
  return isGitError(error) && !GIT_ERRORS.git_missing.is(error) && !GIT_ERRORS.git_killed.is(error);
}

/** Kinds of failure, recognized by git's stderr in the C locale. */
const KNOWN: ReadonlyArray<
  readonly [RegExp, Exclude<GitErrorCode, 'git_missing' | 'git_no_folder' | 'git_timeout' | 'git_output_cut'>]
> = [
  [/detected dubious ownership/, 'git_unsafe_owner'],
  [/not a git repository|must be run in a work tree/, 'git_not_a_repository'],
  [/\.lock': File exists|Another git process seems to be running/, 'git_locked'],
  [/No space left on device|Disk quota exceeded/, 'git_disk_full'],
  [/working trees containing submodules cannot be/, 'git_submodules'],
  [/missing blob object|missing (?:necessary|tree) object|did not send all necessary objects/, 'git_damaged'],
  [
    /Could not resolve host|Could not read from remote repository|unable to access|Connection (?:refused|timed out)|does not appear to be a git repository|terminal prompts disabled|Authentication failed/i,
    'git_unreachable',
  ],
];

/** The error for a git call that ran to its end, according to its stderr. @param env git's environment */
export function gitFailure(
  call: FailedCall,
  gitText: string,
  env: Readonly<Record<string, string | undefined>>,
): GitError {
  const known = KNOWN.find(([pattern]) => pattern.test(gitText))?.[1] ?? 'git_failed';
  const code = call.exitCode === null ? 'git_killed' : known;
  return GIT_ERRORS[code](
    { ...call, said: saidBy(gitText, env) },
    gitText ? { cause: new Error(gitText) } : undefined,
  );
}

/** Why a folder cannot have sessions. */
export const REPOSITORY_ERRORS = errors({
  no_commit: ({ folder }: { folder: string }) => ({
    what: `${folder} cannot be MAIN_REPO yet.`,
    why: 'The repository has no commit, and a branch must start at one.',
    hint: 'Commit something.',
    next: [initThere(folder, 'to have a first commit made')],
  }),
  no_git_identity: ({ folder }: { folder: string }) => ({
    what: `Git has no author identity in ${folder}.`,
    why: 'user.name or user.email is not set.',
    hint: 'Set both: git config --global user.name "Your Name" and git config --global user.email you@example.com.',
  }),
  not_a_repository: ({ folder, problem }: { folder: string; problem?: keyof typeof UNFIT }) => ({
    what: `${folder} cannot be MAIN_REPO.`,
    ...((problem && UNFIT[problem]) ?? {
      why: 'There is no git repository there, and sessions need one.',
      hint: 'Choose another folder.',
      next: [initThere(folder, 'to have "git init" and a first commit made there')],
    }),
  }),
  not_the_top_folder: ({ folder, toplevel }: { folder: string; toplevel: string }) => ({
    what: `${folder} cannot be MAIN_REPO.`,
    why: `It is a folder inside the repository ${toplevel}.`,
    hint: `Set MAIN_REPO to ${toplevel}.`,
  }),
});

function initThere(folder: string, when: string): NextStep {
  return { act: 'set_up', args: { project_dir: folder, init_repository: true }, ifWanted: true, when };
}

/** The reasons why no repository can be created there either, each with an alternative. */
const UNFIT = {
  bare: {
    why: 'It has no entry .git: it is a bare repository, or a folder that only looks like one.',
    hint: 'Choose a clone of it that has one.',
  },
  broken: {
    why: 'It contains a .git that git does not recognize as a repository.',
    hint: 'Repair it or move it away: run "git status" there to see what is wrong.',
  },
  too_wide: {
    why: 'A repository over the whole home folder or disk would contain everything.',
    hint: 'Choose the folder of one project.',
  },
} as const;
