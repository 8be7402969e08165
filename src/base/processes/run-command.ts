import { closeSync, openSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute } from 'node:path';
import type { ResultPromise } from 'execa';
import { contains } from '../files/contains.ts';

/** Process groups of the commands that run. None of them hears the terminal's Ctrl-C, so they end with this process. */
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
  cwd?: string;
  /** The whole environment; nothing is inherited when given. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Characters kept of each stream; beyond them the program is ended. */
  maxBytes?: number;
  /** latin1: a character for every byte, for output with names that need not be text. */
  encoding?: 'utf8' | 'latin1';
  /**
   * What the program has started and left behind with its output elsewhere lives on, or is seen to by another: a
   * namespace ends with its first process.
   */
  leavesBehind?: boolean;
  /** Takes the output as it comes, however much: none of it is kept or counted here. */
  output?: (chunk: Uint8Array, of: 'stdout' | 'stderr') => void;
}

/**
 * Runs one program to its end, with arguments as an array and no shell. Never throws for its failure. One that is
 * given by its name alone, and what it starts, is looked for below the home folder last.
 * A time limit or an abort ends its whole process group, and so does the program's own end, a second later. It
 * returns when nothing of the group is left: what ignores SIGTERM is killed, wherever its output goes.
 * @throws the system error when the machine has no process or descriptor left for it
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd, env, input, timeoutMs, signal, output } = options;
  const { maxBytes = 10 * 1024 * 1024, encoding = 'utf8' } = options;
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  // Most programs start none, and it costs them a tenth of their start.
  const { execa } = await import('execa');
  requireDescriptors();
  const program = execa(file, args, {
    // A group of its own, which is ended as a whole: execa would end its first process alone.
    detached: true,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: maxBytes,
    encoding,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    cwd,
    env: file.includes('/') ? env : { ...env, PATH: homeLast(env ?? process.env) },
    extendEnv: env === undefined,
    buffer: output === undefined,
  });
  if (output !== undefined) {
    program.stdout?.on('data', (chunk: Uint8Array) => output(chunk, 'stdout'));
    program.stderr?.on('data', (chunk: Uint8Array) => output(chunk, 'stderr'));
  }
  const release = endGroupOn([signal, limit], program.pid);
  const groupIsGone = endLeftovers(program, options.leavesBehind ?? false);
  const { exitCode, stdout, stderr, code, isMaxBuffer } = await program.finally(release);
  if (isMaxBuffer) signalGroup(program.pid, 'SIGTERM');
  await groupIsGone;
  if (OUT_OF_MEANS.has(code ?? '')) throw Object.assign(new Error(`${code}: ${file}`), { code });
  return {
    // Its output was cut off, which many programs report as a failure of their own.
    exitCode: isMaxBuffer ? null : (exitCode ?? null),
    stdout: String(stdout ?? ''),
    stderr: String(stderr ?? ''),
    notFound: NOT_FOUND.has(code ?? ''),
    timedOut: limit?.aborted === true && signal?.aborted !== true,
  };
}

/** What lies below home an agent may have written, where no guard kept it. A relative folder is another in each place. */
function homeLast({
  PATH,
  HOME = homedir(),
}: Readonly<Record<string, string | undefined>>): string | undefined {
  const folders = PATH?.split(delimiter).filter(isAbsolute);
  const isAtHome = (folder: string) => contains(HOME, folder);
  return (
    folders && [...folders.filter((each) => !isAtHome(each)), ...folders.filter(isAtHome)].join(delimiter)
  );
}

/** The last two: the search itself is refused, as by a folder of PATH that is a circle of links. */
const NOT_FOUND = new Set(['ENOENT', 'EACCES', 'ELOOP', 'ENAMETOOLONG']);

/** Nothing is wrong with the program: the machine can start none, for now. */
const OUT_OF_MEANS = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

/** Without descriptors for the pipes execa 9 ends this process by an event that cannot be listened for. @throws EMFILE, ENFILE */
function requireDescriptors(): void {
  const tried: number[] = [];
  try {
    for (let pipe = 0; pipe < 8; pipe += 1) tried.push(openSync('/dev/null', 'r'));
  } finally {
    for (const descriptor of tried) closeSync(descriptor);
  }
}

// Counted in short waits: after a sleep of the machine one long wait would be over before anything was read.
const LOOK_MS = 100;
const LOOKS = 15;
const POLITE_LOOKS = 5;

/** Ends what a program has left in its group, and lets go of output that a process of another group holds open. */
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
    const look = (looks: number) => {
      if (isGone() || looks < 0) return resolve();
      if (looks === POLITE_LOOKS) signalGroup(pid, 'SIGTERM');
      if (looks === 0) {
        signalGroup(pid, 'SIGKILL');
        program.stdout?.destroy();
        program.stderr?.destroy();
      }
      timer = setTimeout(look, LOOK_MS, looks - 1);
    };
    program.once('exit', () => look(LOOKS));
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
  // Not AbortSignal.any: on Node 20 each call stays in the memory of a signal that lives on.
  for (const end of ends) end?.addEventListener('abort', stop, { once: true });
  if (ends.some((end) => end?.aborted)) stop();
  groups.add(pid);
  return () => {
    for (const end of ends) end?.removeEventListener('abort', stop);
    groups.delete(pid);
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
