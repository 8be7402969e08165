import { runCommand } from '../base/run-command.ts';

const LIMIT_MS = 30 * 60_000;

export interface ProjectCommandOptions {
  cwd: string;
  /** The whole environment. */
  env: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/**
 * Runs one command of `.samocode` by the shell, for half an hour at most.
 * @returns how it failed, a few words; undefined when it exited with 0
 */
export async function failureOf(
  command: string,
  { cwd, env, signal }: ProjectCommandOptions,
): Promise<string | undefined> {
  const options = { cwd, env, timeoutMs: LIMIT_MS, ...(signal && { signal }) };
  const { exitCode, timedOut } = await runCommand('/bin/sh', ['-c', command], options);
  if (exitCode === 0) return undefined;
  return timedOut ? 'ran out of time' : `exit status ${exitCode ?? 'none'}`;
}
