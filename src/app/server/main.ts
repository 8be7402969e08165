import { Writable } from 'node:stream';
import type { ProtocolEra } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { AfterMerge } from '../../core/acts/reading/after-merge.ts';
import type { ContextFor } from '../../core/faces/mcp/exchange.ts';
import { fromExtensions } from '../../core/kernel/extension.ts';
import { HAS_TASKS } from '../extensions/handshake.ts';
import type { BuiltServer } from './build-server.ts';
import { readCommandLine, WAITS_FOR_CLIENT } from './command-line.ts';
import { newServer } from './new-server.ts';
import { serveEras } from './serve-eras.ts';

const programs = {
  worker: `${import.meta.dirname}/worker.cjs`,
  rehearsal: `${import.meta.dirname}/samocode-rehearsal.cjs`,
};

const MINUTE_MS = 60_000;

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
let requests: typeof import('./build-server.ts') | undefined;
/** Lets the newest server answer more than its handshake, if what it needs is loaded. */
let serve: (() => void) | undefined;

async function loadRequests(): Promise<void> {
  (await import('./request-context.ts')).useEverything();
  requests = await import('./build-server.ts');
  serve?.();
}

async function loadActions() {
  const { actionsOf } = await import('./request-context.ts');
  return await actionsOf(programs, process.env);
}

function build(era: ProtocolEra): BuiltServer {
  const offer = { version: __VERSION__, era, isReadOnly, prompts };
  const load = async () => {
    if (era === 'modern') supervise();
    return await loadActions();
  };
  const server = newServer({ ...offer, hasTasks: HAS_TASKS });
  server.oninitialized = supervise;
  let contextFor: ContextFor | undefined;
  serve = () => {
    contextFor ??= requests?.serveRequests(server, { ...offer, loadActions: load });
  };
  serve();
  return {
    server,
    async contextFor(exchange) {
      if (contextFor === undefined) throw new Error('The server has not loaded what answers requests.');
      return await contextFor(exchange);
    },
  };
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
const lost = () => {
  process.stderr.write('The client sent a message of more than 10 MB, which cannot be read.\n');
  process.exit(1);
};
serveEras(new StdioServerTransport(process.stdin, protocolOutput()), build, lost, loadRequests);

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
