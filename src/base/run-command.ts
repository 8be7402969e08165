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

/** Runs one program to its end, with arguments as an array and no shell. Never throws for its failure. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd, env, input, timeoutMs, signal, maxBytes = 10 * 1024 * 1024 } = options;
  const result = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    maxBuffer: maxBytes,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env, extendEnv: false }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    forceKillAfterDelay: 3000,
  });
  return {
    exitCode: result.exitCode ?? null,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    notFound: result.code === 'ENOENT' || result.code === 'EACCES',
    timedOut: result.timedOut,
  };
}
