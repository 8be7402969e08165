import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../base/clock.ts';
import type { ScenarioAct } from './scenario.ts';

/** What the program has left behind may hold its output open for so long. */
const OPEN_MS = 1500;

/**
 * Runs one program to its end, whatever becomes of it; without an exit code a signal ended it. Not by `runCommand`: loading execa would be a fifth of what
 * an agent needs to start, and the worker ends what an agent leaves behind.
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
  // What a shell ignores when it starts a program is ignored there.
  const script = `${ignoreTerm ? "trap '' TERM INT HUP; " : ''}"$@" &`;
  const options = { cwd, env: scrubEnv ? { PATH: env.PATH } : env, stdio: 'ignore' } as const;
  return once(spawn('sh', ['-c', script, 'stray', ...command], { ...options, detached: setsid }), 'exit');
}
