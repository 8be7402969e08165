import { statSync } from 'node:fs';
import { systemClock } from '../../kernel/clock.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import {
  type CommandOptions,
  type CommandResult,
  homeLast,
  runCommand,
  signalGroup,
} from '../../kernel/processes/run-command.ts';
import { GIT_ERRORS, gitFailure } from './git-errors.ts';
import { areUnread, type Setting } from './git-programs.ts';
import { gitSettings, isFineForGit } from './git-variables.ts';
import { Records } from './records.ts';
import { recordRunningGit } from './running-git.ts';

export interface GitOptions {
  cwd: string;
  signal?: AbortSignal;
  /** With which failures git has answered: any, or exit status 1 alone. An end by a signal of others is no answer. */
  allowFailure?: boolean | 1;
  env?: Readonly<Record<string, string>>;
  /** Settings for this call, which override all files. */
  config?: readonly Setting[];
  /** Becomes stdin; without it stdin is empty. */
  input?: string | Uint8Array;
  /** latin1: one character for every byte, for output with names that need not be UTF-8. */
  encoding?: 'utf8' | 'latin1';
  /** Milliseconds; one minute by default. */
  timeoutMs?: number;
  /** Characters of output to keep; git is ended if it writes more, and without `mayBeCut` that is an error. */
  maxChars?: number;
  /** The caller can use the beginning of longer output: the result says whether it was cut. */
  mayBeCut?: boolean;
  /** The environment to start from; variables that select a repository are always removed. */
  baseEnv: Environment;
  /** A folder in which calls that change a checkout or a branch are recorded while they run. */
  runningGitDir?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface GitResult {
  /** Null only with `cut`. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Only with `mayBeCut`. */
  cut: boolean;
}

const ONE_MINUTE_MS = 60_000;
/** For calls that read every file of a large worktree on a slow disk. */
export const ALL_FILES_LIMIT_MS = 10 * 60_000;
/** A checkout of a large repository on a slow disk, with LFS filters. */
export const CHECKOUT_LIMIT_MS = 15 * 60_000;
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * Runs git so that nothing an agent may have written into a repository's settings is executed: no hooks, monitors,
 * editors, pagers, signers or background maintenance. Filters (LFS) and ssh still work.
 * @throws GitError, unless `allowFailure` takes the status with which git exited; the signal's reason when aborted
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  return await run(args, options);
}

/**
 * Runs git as `runGit` does, and hands over each record of its output as it arrives: long output is read to its end,
 * and none of it is kept.
 * @param take returns false if it needs no more
 * @param end what follows each record
 * @returns git's exit status
 */
export async function readRecords(
  args: readonly string[],
  options: GitOptions,
  take: (record: string) => unknown,
  end: '\0' | '\n' = '\0',
): Promise<number | null> {
  const records = new Records({ take, end, encoding: options.encoding });
  return (await run(args, options, records)).exitCode;
}

async function run(args: readonly string[], options: GitOptions, records?: Records): Promise<GitResult> {
  const { cwd, signal, timeoutMs = ONE_MINUTE_MS, maxChars = MAX_CHARS } = options;
  signal?.throwIfAborted();
  if (areUnread(options.config) && !startsNothing(args)) throw GIT_ERRORS.git_settings_unread({ cwd });
  const settings = NEUTRAL.flatMap((setting) => ['-c', setting]);
  const reachesRemote = mayReachRemote(args, options.config);
  const call = recordRunningGit(options.runningGitDir, args);
  const plan: CommandOptions = {
    cwd,
    started: (pid) => {
      call.started(pid);
      records?.begin(() => signalGroup(pid, 'SIGTERM'));
    },
    output: records && ((chunk, of) => records.add(chunk, of)),
    // Programs that a fetch starts for the user, such as a credential cache, must outlive it.
    leavesBehind: reachesRemote,
    // Our environment, without variables that select other repositories.
    env: {
      ...definedOnly(options.baseEnv, isFineForGit),
      ...QUIET,
      ...asVariables(options.baseEnv, options.config),
      ...(reachesRemote ? {} : NO_REMOTE),
      ...options.env,
      ...call.env,
    },
    timeoutMs,
    maxBytes: maxChars,
    signal,
    input: options.input,
    encoding: options.encoding,
  };
  const whole = [...settings, ...withoutDrivers(args)];
  const isTooLong = ({ stdout, stderr }: CommandResult) =>
    records?.isTooMuch ?? [stdout, stderr].some((text) => text.length >= maxChars);
  const mayRepeat = (ended: CommandResult) =>
    isKilled(ended) && startsNothing(args) && !isTooLong(ended) && signal?.aborted !== true;
  const result = await runUndisturbed(whole, plan, { records, mayRepeat }).finally(call.ended);
  signal?.throwIfAborted();
  const isCut = isTooLong(result);
  return judged(result, {
    args,
    options,
    timeoutMs,
    isCut,
    limit: records?.limit ?? `${maxChars} characters`,
  });
}

interface JudgedCall {
  args: readonly string[];
  options: GitOptions;
  timeoutMs: number;
  /** git may have exited before it was ended for its long output. */
  isCut: boolean;
  limit: string;
}

function judged(result: CommandResult, { args, options, timeoutMs, isCut, limit }: JudgedCall): GitResult {
  const { cwd, baseEnv } = options;
  const subcommand = args[args[0] === '-c' ? 2 : 0] ?? '';
  const { exitCode, stdout, stderr } = result;
  if (result.notFound)
    throw statSync(cwd, { throwIfNoEntry: false })?.isDirectory()
      ? GIT_ERRORS.git_missing()
      : GIT_ERRORS.git_no_folder({ cwd });
  if (result.timedOut)
    throw GIT_ERRORS.git_timeout({ subcommand, cwd, seconds: Math.round(timeoutMs / 1000) });
  if (isCut && !options.mayBeCut) throw GIT_ERRORS.git_output_cut({ subcommand, cwd, limit });
  const { allowFailure } = options;
  const isAnswer =
    exitCode === 0 || (exitCode !== null && (allowFailure === true || allowFailure === exitCode));
  if (!isAnswer && !isCut) throw gitFailure({ subcommand, cwd, exitCode }, stderr, baseEnv);
  return { exitCode, stdout, stderr, cut: isCut };
}

/**
 * Arguments and environment of git for the terminal of a person, whom it may ask for a login: otherwise it runs as little
 * as in `runGit`.
 */
export function gitAtTerminal(
  args: readonly string[],
  { baseEnv, config }: Pick<GitOptions, 'baseEnv' | 'config'>,
): { args: string[]; env: Record<string, string> } {
  const { GIT_ASKPASS = '' } = baseEnv;
  const env = { ...definedOnly(baseEnv, isFineForGit), ...asVariables(baseEnv, config) };
  return {
    args: [...NEUTRAL.flatMap((setting) => ['-c', setting]), ...args],
    env: { ...env, PATH: homeLast(baseEnv) ?? '', ...(GIT_ASKPASS && { GIT_ASKPASS }) },
  };
}

// git reads all worktrees of a repository, and fails on one that another git process is creating or removing. The
// folder `worktrees` itself goes with the last of them.
const IN_BETWEEN =
  /failed to read .*worktrees.*commondir|Invalid path '.*\/worktrees\/|create directory of '.*worktrees\//;
const IN_BETWEEN_TRIES = 30;
/** Of a call that only reads, and that a signal of others ended, as the system does when memory runs out. */
const KILLED_TRIES = 4;
const PAUSE_MS = 100;

interface Repetition {
  records: Records | undefined;
  mayRepeat: (ended: CommandResult) => boolean;
}

async function runUndisturbed(
  args: readonly string[],
  options: CommandOptions,
  { records, mayRepeat }: Repetition,
) {
  for (let tries = 1; ; tries += 1) {
    const ended = await runCommand('git', args, options);
    const result = records?.result(ended) ?? ended;
    const isAgain =
      (tries < IN_BETWEEN_TRIES && result.exitCode !== 0 && IN_BETWEEN.test(result.stderr)) ||
      (tries < KILLED_TRIES && mayRepeat(result));
    if (!isAgain || records?.hasBegun === true) return result;
    await systemClock.sleep(PAUSE_MS, options.signal);
  }
}

function isKilled({ exitCode, notFound, timedOut }: CommandResult): boolean {
  return exitCode === null && !notFound && !timedOut;
}

export async function gitLine(args: readonly string[], options: GitOptions): Promise<string> {
  return (await runGit(args, options)).stdout.trim();
}

/**
 * Options for git in a git folder itself: a bare one, or the one that worktrees share. It is always named, because with
 * safe.bareRepository=explicit git opens none that it finds.
 */
export function inGitDir(gitDir: string, { env, ...options }: Omit<GitOptions, 'cwd'>): GitOptions {
  return { ...options, cwd: gitDir, env: { ...env, GIT_DIR: gitDir } };
}

/** Matches one path from the top of the working copy, whatever characters it contains. */
export function literalPathspec(path: string): string {
  return `:(top,literal)${path}`;
}

/** Runs a git command that answers by its exit status: 0 means yes, and 1 no. @throws GitError for any other */
export async function gitSaysYes(args: readonly string[], options: GitOptions): Promise<boolean> {
  return (await runGit(args, { ...options, allowFailure: 1 })).exitCode === 0;
}

/** `-c` overrides every settings file, whatever an agent planted there. */
const NEUTRAL = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.editor=true',
  'sequence.editor=true',
  'core.pager=cat',
  'core.askPass=',
  'core.alternateRefsCommand=true',
  'commit.gpgSign=false',
  'tag.gpgSign=false',
  'log.showSignature=false',
  'gpg.program=false',
  'protocol.ext.allow=never',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  // Background maintenance would outlive us and hold the repository's lock.
  'gc.auto=0',
  'maintenance.auto=false',
  'core.quotePath=false',
  'advice.detachedHead=false',
];

const QUIET = {
  GIT_TERMINAL_PROMPT: '0',
  // Empty but set, so that git searches no other askpass program.
  GIT_ASKPASS: '',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_EDITOR: 'true',
  GIT_PAGER: 'cat',
  GIT_LITERAL_PATHSPECS: '0',
  // merge always reports progress, and would fail if nothing reads it.
  GIT_PROGRESS_DELAY: '86400',
  LC_ALL: 'C',
};

/** Commands that may need a remote for reasons other than a missing object. */
const REMOTE = new Set(['fetch', 'ls-remote', 'push', 'worktree']);
const NO_REMOTE = { GIT_ALLOW_PROTOCOL: 'none' };

/**
 * Any command fetches a missing object from the remote that the settings name. Disabled if the settings were not
 * checked, or if a program for the remote side was planted: git uses the first such setting, not ours.
 */
function mayReachRemote(
  [subcommand = '']: readonly string[],
  config: readonly Setting[] | undefined,
): boolean {
  if (config === undefined) return REMOTE.has(subcommand);
  if (areUnread(config)) return false;
  return !config.some(([key]) => /^remote\..+\.(?:upload|receive)pack$/s.test(key));
}

/** Commands that, called as here, run no program that a setting names: they read refs and objects, and no files. */
const READING = new Set([
  ...['cat-file', 'diff-tree', 'for-each-ref', 'log', 'ls-tree', 'merge-base', 'rev-list', 'rev-parse'],
  ...['show', 'show-ref', 'symbolic-ref', 'config', 'var'],
]);

function startsNothing(args: readonly string[]): boolean {
  const [subcommand = ''] = args;
  return (
    READING.has(subcommand) && !args.some((arg) => /^--(?:filters|textconv|ext-diff|remerge-diff)/.test(arg))
  );
}

/** Passed in the environment: a filter's name can contain "=", which ends a key on the command line. */
function asVariables(env: Environment, config: readonly Setting[] = []): Record<string, string> {
  return {
    ...gitSettings(env, config),
    // git uses the first of these, so our setting could not override the repository's.
    ...(config.some(([key]) => key === 'core.gitproxy') && { GIT_PROXY_COMMAND: '' }),
  };
}

/** Commands that run the diff programs named by attributes and settings. */
const DIFFING = new Set(['diff', 'log', 'show', 'format-patch', 'diff-tree', 'diff-index', 'diff-files']);
// A nested repository has its own settings: no git may run in it, not even to compare.
const NOT_INSIDE = '--ignore-submodules=dirty';

function withoutDrivers(args: readonly string[]): string[] {
  const [subcommand = '', ...rest] = args;
  if (subcommand === 'status') return [subcommand, NOT_INSIDE, ...rest];
  if (!DIFFING.has(subcommand)) return [...args];
  return [subcommand, '--no-ext-diff', '--no-textconv', '--submodule=short', NOT_INSIDE, ...rest];
}
