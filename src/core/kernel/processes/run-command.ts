import { closeSync, openSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { ResultPromise } from 'execa';
import { noteProgram } from '../effects.ts';
import { orNothing } from '../errors.ts';
import { contains } from '../files/contains.ts';
import { realFolder, statsAt } from '../files/path-stats.ts';

/** Process groups of running commands. The terminal's Ctrl-C does not reach them, so we end them at exit. */
const groups = new Set<number>();
process.on('exit', () => {
  for (const pid of groups) signalGroup(pid, 'SIGTERM');
});

export interface CommandResult {
  /** Null when a signal ended it or it could not be started. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  notFound: boolean;
  timedOut: boolean;
}

export interface CommandOptions {
  /** By default `/`: many programs load files of the folder in which they start, and ours may be anyone's. */
  cwd?: string;
  /** The whole environment; nothing is inherited when given. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  /** Its input stays open until it exits, after `input` if there is any; by default it is /dev/null. Some servers end with their input. */
  isInputOpen?: boolean;
  /** Milliseconds; one minute by default. `person`: a person ends it. `owner`: it lives as long as what it serves. */
  timeoutMs?: number | 'person' | 'owner';
  signal?: AbortSignal;
  /** Characters kept of each stream; a program that writes more is ended. */
  maxBytes?: number;
  /** latin1: one character for every byte, for output with names that need not be UTF-8. */
  encoding?: 'utf8' | 'latin1';
  /**
   * The program may leave processes behind that write their output elsewhere: they live on, or something else ends
   * them, as a namespace does when its first process exits.
   */
  leavesBehind?: boolean;
  /** Called as soon as it has a process id. */
  started?: (pid: number) => void;
  /** Receives the output as it arrives; none of it is kept or counted here. */
  output?: (chunk: Uint8Array, of: 'stdout' | 'stderr') => void;
}

/** Also for calls that never take long: any other program can hang. */
const ONE_MINUTE_MS = 60_000;

/**
 * Runs one program to its end, with arguments as an array and no shell. Its failure is a result, never thrown. A
 * program given by name, and any program it starts, is looked up in folders below home last, and in none of a branch.
 * A time limit or an abort ends its whole process group, and so does its exit, a second later. Returns when the group
 * is empty: processes that ignore SIGTERM are killed, wherever their output goes.
 * @throws the system error when the machine has no process or descriptor left for it
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd = '/', env, input, isInputOpen = false, timeoutMs = ONE_MINUTE_MS, signal, output } = options;
  const { maxBytes = 10 * 1024 * 1024, encoding = 'utf8' } = options;
  const limit = typeof timeoutMs === 'number' ? AbortSignal.timeout(timeoutMs) : undefined;
  // Imported on use: most of our programs run no command, and it takes a tenth of their start.
  const { execa } = await import('execa');
  requireDescriptors();
  noteProgram(file, args);
  const program = execa(file, args, {
    // Its own process group, to be ended as a whole: execa would end only the first process.
    detached: true,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: maxBytes,
    encoding,
    ...(input === undefined || isInputOpen ? { stdin: isInputOpen ? 'pipe' : 'ignore' } : { input }),
    cwd,
    env: file.includes('/') ? env : { ...env, PATH: homeLast(env ?? process.env) },
    extendEnv: env === undefined,
    buffer: output === undefined,
  });
  if (program.pid !== undefined) options.started?.(program.pid);
  if (isInputOpen && input !== undefined) program.stdin?.write(input);
  if (output !== undefined) {
    program.stdout?.on('data', (chunk: Uint8Array) => output(chunk, 'stdout'));
    program.stderr?.on('data', (chunk: Uint8Array) => output(chunk, 'stderr'));
  }
  // Not at the end: the limit may pass while what the program has left is ended.
  let timedOut = false;
  program.once('exit', () => {
    timedOut = limit?.aborted === true && signal?.aborted !== true;
  });
  const release = endGroupOn([signal, limit], program.pid);
  const groupIsGone = endLeftovers(program, options.leavesBehind ?? false);
  const { exitCode, stdout, stderr, code, isMaxBuffer } = await program.finally(release);
  if (isMaxBuffer) signalGroup(program.pid, 'SIGTERM');
  await groupIsGone;
  if (OUT_OF_RESOURCES.has(code ?? '')) throw Object.assign(new Error(`${code}: ${file}`), { code });
  return {
    // Its output was cut off, so the status with which it exited means nothing.
    exitCode: isMaxBuffer ? null : (exitCode ?? null),
    stdout: String(stdout ?? ''),
    stderr: String(stderr ?? ''),
    notFound: NOT_FOUND.has(code ?? ''),
    timedOut,
  };
}

/** An unguarded agent may have written programs below home. Relative folders depend on cwd, so they are dropped. */
export function homeLast({
  PATH,
  HOME = homedir(),
}: Readonly<Record<string, string | undefined>>): string | undefined {
  const folders = PATH?.split(delimiter).filter((folder) => isAbsolute(folder) && !isOfBranch(folder, HOME));
  const isAtHome = (folder: string) => contains(HOME, folder);
  return (
    folders && [...folders.filter((each) => !isAtHome(each)), ...folders.filter(isAtHome)].join(delimiter)
  );
}

/** Whether a folder lies in a worktree, or in a checkout that has worktrees: a branch can bring programs. Home is not one. */
function isOfBranch(folder: string, home: string): boolean {
  // Undefined also in a folder of another user.
  const entryAt = (path: string) => orNothing(() => statsAt(path));
  for (let at = realFolder(folder) ?? folder; at !== '/' && !contains(at, home); at = dirname(at)) {
    const entry = entryAt(join(at, '.git'));
    if (entry) return entry.isFile() || entryAt(join(at, '.git/worktrees')) !== undefined;
  }
  return false;
}

/** The last two mean that the search itself failed, for example at a PATH folder that is a symlink loop. */
const NOT_FOUND = new Set(['ENOENT', 'EACCES', 'ELOOP', 'ENAMETOOLONG']);

/** Not the program's fault: the machine can't start any program now. */
const OUT_OF_RESOURCES = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

/**
 * Without descriptors for its pipes execa 9 crashes this process by an unhandled event. @throws EMFILE, ENFILE
 */
function requireDescriptors(): void {
  const tried: number[] = [];
  try {
    for (let pipe = 0; pipe < 8; pipe += 1) tried.push(openSync('/dev/null', 'r'));
  } finally {
    for (const descriptor of tried) closeSync(descriptor);
  }
}

// Several short waits: after the machine slept, one long wait would be over before anything was read.
const POLL_MS = 100;
const POLLS = 15;
const POLLS_BEFORE_KILL = 5;

/** Ends what a program has left in its group, and closes output that a process in another group holds open. */
function endLeftovers(
  program: Pick<ResultPromise, 'pid' | 'stdout' | 'stderr' | 'once'>,
  leavesBehind: boolean,
): Promise<void> {
  const { pid } = program;
  if (pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    let isClosed = false;
    let timer: NodeJS.Timeout | undefined;
    const isGone = () => isClosed && (leavesBehind || !signalGroup(pid, 0));
    const poll = (polls: number) => {
      if (isGone() || polls < 0) return resolve();
      if (polls === POLLS_BEFORE_KILL) signalGroup(pid, 'SIGTERM');
      if (polls === 0) {
        signalGroup(pid, 'SIGKILL');
        program.stdout?.destroy();
        program.stderr?.destroy();
      }
      timer = setTimeout(poll, POLL_MS, polls - 1);
    };
    program.once('exit', () => poll(POLLS));
    program.once('close', () => {
      isClosed = true;
      if (!isGone()) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

const FORCE_AFTER_MS = 3000;

function endGroupOn(ends: readonly (AbortSignal | undefined)[], pid: number | undefined): () => void {
  if (pid === undefined) return () => {};
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(pid, 'SIGTERM');
    force ??= setTimeout(signalGroup, FORCE_AFTER_MS, pid, 'SIGKILL');
  };
  // Not AbortSignal.any: on Node 20 each call stays in the memory of a long-lived signal.
  for (const end of ends) end?.addEventListener('abort', stop, { once: true });
  if (ends.some((end) => end?.aborted)) stop();
  groups.add(pid);
  return () => {
    for (const end of ends) end?.removeEventListener('abort', stop);
    groups.delete(pid);
    clearTimeout(force);
  };
}

/** Signal 0 only checks. @returns false when the group is empty, or belongs to other users */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}
