import { execa } from 'execa';

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
  input?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Bytes kept of each stream. */
  maxBytes?: number;
}

/**
 * Runs one program to its end, with arguments as an array and no shell. Never throws for its failure.
 * A time limit or an abort ends its whole process group: what a killed program had started would keep
 * the pipes open, and us waiting.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd, env, input, timeoutMs, signal, maxBytes = 10 * 1024 * 1024 } = options;
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const ends = [signal, limit].filter((end) => end !== undefined);
  const child = execa(file, args, {
    reject: false,
    detached: true,
    stripFinalNewline: false,
    maxBuffer: maxBytes,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env, extendEnv: false }),
  });
  const release = endGroupOn(AbortSignal.any(ends), child.pid);
  const result = await child.finally(release);
  return {
    exitCode: result.exitCode ?? null,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    notFound: result.code === 'ENOENT' || result.code === 'EACCES',
    timedOut: limit?.aborted === true && signal?.aborted !== true,
  };
}

const FORCE_AFTER_MS = 3000;

/** @returns what to call once the program has ended */
function endGroupOn(end: AbortSignal, pid: number | undefined): () => void {
  if (pid === undefined) return () => {};
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(pid, 'SIGTERM');
    force = setTimeout(signalGroup, FORCE_AFTER_MS, pid, 'SIGKILL');
  };
  const leave = () => signalGroup(pid, 'SIGTERM');
  if (end.aborted) stop();
  else end.addEventListener('abort', stop, { once: true });
  // A group of its own does not hear the terminal's Ctrl-C.
  process.once('exit', leave);
  return () => {
    end.removeEventListener('abort', stop);
    process.removeListener('exit', leave);
    clearTimeout(force);
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty already.
  }
}
