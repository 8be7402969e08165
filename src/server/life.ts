import { Writable } from 'node:stream';

/**
 * Ends the server as soon as its client is gone: its input ends, it receives a signal, or its output fails. No clean-up
 * is needed: all state is on disk, and sessions continue. An internal error does not end the server, because Codex and
 * Gemini start it only once.
 */
export function liveWithClient(leave: (code: number) => void): void {
  process.stdin.once('end', () => leave(0));
  process.stdin.once('close', () => leave(0));
  process.stdin.once('error', () => leave(0));
  process.stdout.on('error', () => leave(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => leave(0));
  process.on('uncaughtException', logError);
  process.on('unhandledRejection', logError);
  // A closed stderr must not end the server.
  process.stderr.on('error', () => {});
}

/**
 * Reserves standard output for the protocol: other writes, such as a library's `console.log`, go to standard error.
 */
export function protocolOutput(): Writable {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  const output = new Writable({ write: (chunk, _encoding, done) => void write(chunk, () => done()) });
  // Each message that waits for a slow client listens for `drain`.
  return output.setMaxListeners(0);
}

function logError(error: unknown): void {
  try {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  } catch {
    // A throw here would end the process.
  }
}
