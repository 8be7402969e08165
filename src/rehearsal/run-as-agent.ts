import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../base/clock.ts';

interface Ran {
  /** Null when a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** What the program has left behind may hold its output open for so long. */
const OPEN_MS = 1500;

/**
 * Runs one program to its end, whatever becomes of it. Not by `runCommand`: loading execa would be a fifth of what
 * an agent needs to start, and the worker ends what an agent leaves behind.
 */
export function runAsAgent(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; timeout?: number } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const program = execFile(
      file,
      args,
      { ...options, maxBuffer: 10 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ exitCode: program.exitCode, stdout, stderr }),
    );
    program.stdin?.end();
    program.once('exit', () => {
      const letGo = () => {
        program.stdout?.destroy();
        program.stderr?.destroy();
      };
      void systemClock.sleep(OPEN_MS).then(letGo);
    });
  });
}

interface Stray {
  setsid: boolean;
  ignoreTerm: boolean;
  scrubEnv: boolean;
  cwd: string;
  env: Readonly<Record<string, string>>;
}

/** Starts a program that outlives this one. @returns when the shell between them has ended */
export function leaveBehind(
  command: readonly string[],
  { setsid, ignoreTerm, scrubEnv, cwd, env }: Stray,
): Promise<unknown> {
  // What a shell ignores when it starts a program is ignored there.
  const script = `${ignoreTerm ? "trap '' TERM INT HUP; " : ''}"$@" &`;
  const environment = scrubEnv ? { PATH: env.PATH } : env;
  const options = { cwd, detached: setsid, env: environment, stdio: 'ignore' } as const;
  return once(spawn('sh', ['-c', script, 'stray', ...command], options), 'exit');
}
