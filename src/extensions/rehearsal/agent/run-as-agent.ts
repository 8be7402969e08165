import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../../../core/kernel/clock.ts';
import type { ScenarioAct } from './scenario.ts';

/** How long processes that the program left behind may keep its output open. */
const OPEN_MS = 1500;

/**
 * Runs one program to its end; `exitCode` is null if a signal ended it. Does not use `runCommand`: loading
 * execa takes a fifth of an agent's start time, and the worker ends whatever an agent leaves running.
 */
export function runAsAgent(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; timeout?: number } = {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const limits = { ...options, maxBuffer: 10 * 1024 * 1024 };
    const program = execFile(file, args, limits, (_error, stdout, stderr) =>
      resolve({ exitCode: program.exitCode, stdout, stderr }),
    );
    program.stdin?.end();
    program.once('exit', async () => {
      await systemClock.sleep(OPEN_MS);
      program.stdout?.destroy();
      program.stderr?.destroy();
    });
  });
}

/** Starts a program that outlives this one. @returns when the shell between them has ended */
export function startLeftover(
  { command, setsid, ignoreTerm, scrubEnv }: Extract<ScenarioAct, { act: 'leave' }>,
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<unknown> {
  // A program inherits the signals that its shell ignores.
  const script = `${ignoreTerm ? "trap '' TERM INT HUP; " : ''}"$@" &`;
  const options = { cwd, env: scrubEnv ? { PATH: env.PATH } : env, stdio: 'ignore' } as const;
  return once(spawn('sh', ['-c', script, 'stray', ...command], { ...options, detached: setsid }), 'exit');
}
