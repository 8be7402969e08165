import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const BUILT_SERVER = resolve('dist/samocode-mcp.js');

export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

export interface RawMessage {
  id?: number | string;
  method?: string;
  params?: { uri?: string };
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
}

export interface RawServerOptions {
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** A server other than that of dist/. */
  program?: string;
  /** Arguments of Node itself. */
  nodeArgs?: readonly string[];
  /** Descriptors instead of pipes, for an output that fails. */
  stdout?: number;
  stderr?: number;
}

/** The built server as a client sees it: lines in, lines out, without an SDK in between. */
export interface RawServer {
  child: ChildProcess;
  /** Every line of its stdout so far. */
  lines: string[];
  /** All of its stderr so far. */
  errors(): string;
  send(line: string): void;
  /** Sends a request and resolves with its answer, even if that is an error. */
  request(method: string, params?: object): Promise<RawMessage>;
  onNotification(listen: (message: RawMessage) => void): void;
  /** Resolves with exit status and signal when the process has ended. */
  ended: Promise<[number | null, NodeJS.Signals | null]>;
}

export function spawnServer(options: RawServerOptions): RawServer {
  const { cwd, env, program = BUILT_SERVER, nodeArgs = [], stdout = 'pipe', stderr = 'pipe' } = options;
  const child = spawn(process.execPath, [...nodeArgs, program], {
    cwd,
    env: { ...env },
    stdio: ['pipe', stdout, stderr],
  });
  const ended = once(child, 'exit') as RawServer['ended'];
  // Writing to a server that has just exited is part of the test.
  child.stdin?.on('error', () => {});
  const answers = new Map<number | string, (message: RawMessage) => void>();
  const listeners: ((message: RawMessage) => void)[] = [];
  const lines: string[] = [];
  let errors = '';
  child.stderr?.on('data', (text) => {
    errors += String(text);
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const message = parsed(line);
      if (message?.method !== undefined) for (const listen of listeners) listen(message);
      else if (message?.id !== undefined) answers.get(message.id)?.(message);
    });
  }
  const gone: RawMessage = { error: { code: 0, message: 'The server has ended.' } };
  // No one waits for a server that is gone.
  void ended.then(() => {
    for (const answer of answers.values()) answer(gone);
  });
  const send = (line: string) => child.stdin?.write(`${line}\n`);
  let lastId = INITIALIZE.id;
  return {
    child,
    lines,
    errors: () => errors,
    send,
    request(method, params = {}) {
      const id = method === 'initialize' ? INITIALIZE.id : ++lastId;
      return new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) done(gone);
        answers.set(id, done);
        send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      });
    },
    onNotification: (listen) => listeners.push(listen),
    ended,
  };
}

/** Starts the server and performs the handshake. */
export async function startServer(options: RawServerOptions): Promise<RawServer> {
  const server = spawnServer(options);
  await server.request('initialize', INITIALIZE.params);
  server.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  return server;
}

function parsed(line: string): RawMessage | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
