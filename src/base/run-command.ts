import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { systemErrorCode } from './errors.ts';

export interface CommandResult {
  /** Null when a signal ended it or it could not be started. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** True when the file was not found or is not executable. */
  notFound: boolean;
  timedOut: boolean;
}

export interface CommandOptions {
  cwd?: string;
  /** The whole environment; nothing is inherited when given. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Characters kept of each stream. */
  maxBytes?: number;
  /** latin1: a character for every byte, for output with names that need not be text. */
  encoding?: 'utf8' | 'latin1';
  /**
   * What the program has started and left behind with its output elsewhere lives on, or is seen to by another: a
   * namespace ends with its first process.
   */
  leavesBehind?: boolean;
}

/**
 * Runs one program to its end, with arguments as an array and no shell. Never throws for its failure.
 * A time limit or an abort ends its whole process group, and so does the program's own end, a second later. It
 * returns when nothing of the group is left: what ignores SIGTERM is killed, wherever its output goes.
 * @throws the system error when the machine has no process or descriptor left for it
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd, env, input, timeoutMs, signal, maxBytes = 10 * 1024 * 1024, encoding = 'utf8' } = options;
  const { leavesBehind = false } = options;
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const full = new AbortController();
  const ends = [signal, limit, full.signal].filter((end) => end !== undefined);
  const child = started(() =>
    spawn(file, args, {
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
    }),
  );
  if (child === undefined) return { exitCode: null, stdout: '', stderr: '', notFound: true, timedOut: false };
  // Listened for at once: some failures to start come with streams that were never made.
  const ended = endOf(child, leavesBehind);
  const stdout = collect(child.stdout?.setEncoding(encoding), maxBytes, full);
  const stderr = collect(child.stderr?.setEncoding('utf8'), maxBytes, full);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const release = endGroupOn(ends, child.pid);
  const { exitCode, problem } = await ended.finally(release);
  if (problem !== undefined && OUT_OF_MEANS.has(problem.code ?? '')) throw problem;
  return {
    exitCode,
    stdout: stdout(),
    stderr: stderr(),
    notFound: problem?.code === 'ENOENT' || problem?.code === 'EACCES',
    timedOut: limit?.aborted === true && signal?.aborted !== true,
  };
}

/** Where the search for the program itself is refused, as by a folder of PATH that is a circle of links. */
const UNREACHABLE = new Set(['ELOOP', 'ENAMETOOLONG']);

// Node throws some failures to start a program, and tells others by an event.
function started<T>(start: () => T): T | undefined {
  try {
    return start();
  } catch (error) {
    if (UNREACHABLE.has(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Nothing is wrong with the program: the machine can start none, for now. */
const OUT_OF_MEANS = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

interface Ended {
  exitCode: number | null;
  /** Why it could not be started. */
  problem?: NodeJS.ErrnoException;
}

function endOf(child: ChildProcess, leavesBehind: boolean): Promise<Ended> {
  return new Promise((resolve) => {
    let patience: NodeJS.Timeout | undefined;
    let closed: Ended | undefined;
    const isEmpty = () => leavesBehind || !signalGroup(child.pid, 0);
    const wait = (looks: number) => {
      if (closed !== undefined && (looks <= 0 || isEmpty())) return resolve(closed);
      patience = setTimeout(wait, LOOK_MS, looks - 1);
      if (looks === POLITE_LOOKS) signalGroup(child.pid, 'SIGTERM');
      if (looks === 1) letGo(child);
    };
    child.once('error', (problem) => resolve({ exitCode: null, problem }));
    // What it wrote last may still be on its way.
    child.once('exit', () => wait(LOOKS));
    child.once('close', (exitCode) => {
      closed = { exitCode };
      if (!isEmpty()) return;
      clearTimeout(patience);
      resolve(closed);
    });
  });
}

// Counted in short waits: after a sleep of the machine one long wait would be over before anything was read.
const LOOK_MS = 100;
const LOOKS = 15;
const POLITE_LOOKS = 5;

/** What has the pipes may have left the group. */
function letGo({ pid, stdout, stderr }: ChildProcess): void {
  signalGroup(pid, 'SIGKILL');
  stdout?.destroy();
  stderr?.destroy();
}

/** Keeps up to `max` characters; beyond them the program is ended. @returns what gives the text */
function collect(stream: Readable | null | undefined, max: number, full: AbortController): () => string {
  const pieces: string[] = [];
  let length = 0;
  stream?.on('data', (piece: string) => {
    if (length < max) pieces.push(piece.slice(0, max - length));
    length += piece.length;
    if (length > max) full.abort();
  });
  return () => pieces.join('');
}

const FORCE_AFTER_MS = 3000;

/** @returns what to call once the program has ended */
function endGroupOn(ends: readonly AbortSignal[], pid: number | undefined): () => void {
  if (pid === undefined) return () => {};
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(pid, 'SIGTERM');
    force ??= setTimeout(signalGroup, FORCE_AFTER_MS, pid, 'SIGKILL');
  };
  const leave = () => signalGroup(pid, 'SIGTERM');
  // Not AbortSignal.any: on Node 20 each call stays in the memory of a signal that lives on.
  for (const end of ends) end.addEventListener('abort', stop, { once: true });
  if (ends.some(({ aborted }) => aborted)) stop();
  // A group of its own does not hear the terminal's Ctrl-C.
  process.once('exit', leave);
  return () => {
    for (const end of ends) end.removeEventListener('abort', stop);
    process.removeListener('exit', leave);
    clearTimeout(force);
  };
}

/** Signal 0 only looks. @returns false when the group is empty, or all of it belongs to others */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}
