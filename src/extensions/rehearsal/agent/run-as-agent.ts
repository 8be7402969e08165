import { execFile } from 'node:child_process';
import { systemClock } from '../../../core/kernel/clock.ts';

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
