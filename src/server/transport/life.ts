import type { Wire } from './stdio-transport.ts';

/**
 * Ends the server the moment nobody is there any more: its input ends, a signal comes, its output fails.
 * Nothing is cleaned up, because everything that matters is on disk already; no session is stopped. A
 * failure of ours never ends it: Codex and Gemini do not start a server twice.
 */
export function liveWithClient(leave: (code: number) => void): void {
  process.stdin.once('end', () => leave(0));
  process.stdin.once('close', () => leave(0));
  process.stdin.once('error', () => leave(0));
  process.stdout.on('error', () => leave(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => leave(0));
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  // Nobody may read our stderr any more, and that must not matter.
  process.stderr.on('error', () => {});
}

/**
 * Takes standard output for the protocol alone: whatever else writes to it, a library's `console.log` for
 * one, goes to standard error from now on.
 */
export function takeStdout(): Wire {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  return {
    write: (text) => write(text),
    drained: () => new Promise((resolve) => stdout.once('drain', resolve)),
  };
}

function note(error: unknown): void {
  try {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  } catch {
    // What throws here would end the process.
  }
}
