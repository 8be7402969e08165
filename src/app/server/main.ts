import { homedir } from 'node:os';
import { Writable } from 'node:stream';
import type { ProtocolEra } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { AfterMerge } from '../../core/acts/reading/after-merge.ts';
import { systemClock } from '../../core/kernel/clock.ts';
import { fromExtensions } from '../../core/kernel/extension.ts';
import { systemHost } from '../../core/kernel/processes/host.ts';
import { useExtensions } from '../extensions/extensions.ts';
import { useProviders } from '../extensions/providers.ts';
import { buildServer } from './build-server.ts';
import { readCommandLine, WAITS_FOR_CLIENT } from './command-line.ts';
import { serveEras } from './serve-eras.ts';

const programs = {
  worker: `${import.meta.dirname}/worker.cjs`,
  rehearsal: `${import.meta.dirname}/samocode-rehearsal.cjs`,
};

async function loadActions() {
  return {
    host: await systemHost(),
    clock: systemClock,
    env: process.env,
    home: homedir(),
    cwd: workingFolder(),
    programs,
  };
}

/** The client's folder may have been removed; calls that name a project still work. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

const MINUTE_MS = 60_000;

useProviders();
useExtensions();
const commandLine = readCommandLine(process.argv.slice(2), __VERSION__);
if (commandLine.kind !== 'serve') {
  const isMisused = commandLine.kind === 'misused';
  (isMisused ? process.stderr : process.stdout).write(commandLine.text);
  process.exit(isMisused ? 2 : 0);
}
const { isReadOnly, prompts } = commandLine;
if (process.stdin.isTTY) process.stderr.write(WAITS_FOR_CLIENT);

liveWithClient((code) => process.exit(code));
let isSupervising = false;

function build(era: ProtocolEra) {
  const load = async () => {
    if (era === 'modern') supervise();
    return await loadActions();
  };
  const built = buildServer({ version: __VERSION__, era, isReadOnly, prompts, loadActions: load });
  built.server.oninitialized = supervise;
  return built;
}

/**
 * After the handshake, or at the first modern request that needs a context, and then every minute: a supervisor may have
 * ended, or the machine slept.
 */
function supervise(): void {
  // A read-only server starts nothing.
  if (isReadOnly || isSupervising) return;
  isSupervising = true;
  void superviseWhileOpen().catch(() => {
    // The next act on a session does the same.
  });
}

async function superviseWhileOpen(): Promise<void> {
  const [{ superviseIfUnfinished }, context] = await Promise.all([
    import('../../core/caller/context/supervision.ts'),
    loadActions(),
  ]);
  const looking: readonly AfterMerge[] = fromExtensions('afterMerge');
  for (const { look } of looking) void look({ ...context, by: { channel: 'tool' } }).catch(() => undefined);
  for (;;) {
    await superviseIfUnfinished({ ...context, by: { channel: 'tool' } }).catch(() => undefined);
    await context.clock.sleep(MINUTE_MS);
  }
}

// The SDK stops reading after a message of more than 10 MB; the client only notices if the process ends.
serveEras(new StdioServerTransport(process.stdin, protocolOutput()), build, () => {
  process.stderr.write('The client sent a message of more than 10 MB, which cannot be read.\n');
  process.exit(1);
});

/**
 * Ends the server as soon as its client is gone: its input ends, it receives a signal, or its output fails. No clean-up
 * is needed: all state is on disk, and sessions continue. An internal error does not end the server, because Codex and
 * Gemini start it only once.
 */
function liveWithClient(leave: (code: number) => void): void {
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
function protocolOutput(): Writable {
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
