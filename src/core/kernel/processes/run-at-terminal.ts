import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemErrorCode } from '../errors.ts';

export interface TerminalProgram {
  /** As written in the user's environment: shell syntax, with options. */
  command: string;
  /** The shell's positional parameters, which `command` uses as `$1` or `"$@"`. */
  args?: readonly string[];
  /** Programs load files of the folder in which they start: not the terminal's, unless the person asks for one. */
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Its stdin; by default the terminal. */
  input?: AsyncIterable<string>;
}

/**
 * Gives the terminal to a program, such as a pager or editor, until it ends. Ctrl-C goes to the program.
 * Quitting it before it has read all input is fine.
 * @returns its exit status
 * @throws the system error if no shell can be started
 */
export async function runAtTerminal({
  command,
  args = [],
  cwd,
  env,
  input,
}: TerminalProgram): Promise<number> {
  const held = process.listeners('SIGINT');
  const ignore = () => {};
  process.on('SIGINT', ignore);
  for (const listener of held) process.off('SIGINT', listener);
  try {
    const stdin = input === undefined ? 'inherit' : 'pipe';
    const child = spawn('/bin/sh', ['-c', command, 'sh', ...args], {
      stdio: [stdin, 'inherit', 'inherit'],
      cwd,
      env: { ...env },
    });
    const ended = once(child, 'close');
    if (input !== undefined && child.stdin)
      await pipeline(Readable.from(input), child.stdin).catch(unlessQuit);
    const [code] = await ended;
    return Number(code ?? 1);
  } finally {
    for (const listener of held) process.on('SIGINT', listener);
    process.off('SIGINT', ignore);
  }
}

function unlessQuit(error: unknown): void {
  const code = systemErrorCode(error) ?? '';
  if (!['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)) throw error;
}
