import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { INITIALIZE } from './start.ts';

const SERVER = fileURLToPath(new URL('../dist/samocode-mcp.js', import.meta.url));

export interface Message {
  id?: number;
  method?: string;
  params?: { uri?: string };
  result?: unknown;
  error?: { message: string };
}

/** The built server as a client has it: JSON lines, and nothing of an SDK in between. */
export interface ServerProcess {
  child: ChildProcessWithoutNullStreams;
  request(method: string, params: object): Promise<unknown>;
  onNotification(listen: (message: Message) => void): void;
  /** Resolves when the process has ended. */
  ended: Promise<unknown>;
}

/** Starts it and shakes hands. */
export async function startServer(options: {
  cwd: string;
  env: Record<string, string>;
}): Promise<ServerProcess> {
  const child = spawn(process.execPath, [SERVER], { ...options, stdio: 'pipe' });
  const ended = once(child, 'exit');
  // Writing to a server that has just left is part of some benches.
  child.stdin.on('error', () => {});
  const answers = new Map<number, (message: Message) => void>();
  const listeners: ((message: Message) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (message.id !== undefined) answers.get(message.id)?.(message);
    else for (const listen of listeners) listen(message);
  });
  let lastId = INITIALIZE.id;
  const ask = (message: { id: number }) =>
    new Promise<unknown>((resolve, reject) => {
      answers.set(message.id, ({ result, error }) => {
        answers.delete(message.id);
        if (error) reject(new Error(error.message));
        else resolve(result);
      });
      child.stdin.write(`${JSON.stringify(message)}\n`);
    });
  await ask(INITIALIZE);
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return {
    child,
    request(method, params) {
      lastId += 1;
      return ask({ jsonrpc: '2.0', id: lastId, method, params } as { id: number });
    },
    onNotification: (listen) => listeners.push(listen),
    ended,
  };
}
