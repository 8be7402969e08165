import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** `holds`: connections stay open and no byte passes until it forwards again, as when a network is cut. */
type Shape = 'forwards' | 'refuses' | 'holds';

export interface TcpProxy extends AsyncDisposable {
  port: number;
  become(shape: Shape): void;
  /** Ends all connections; new ones lead to another port. */
  leadTo(port: number): void;
}

/** Stands between a client and a port of this machine. */
export async function proxyTo(target: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let now: Shape = 'forwards';
  let to = target;
  const server = createServer((client) => {
    if (now === 'refuses') return client.destroy();
    const there = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [client, there],
      [there, client],
    ] as const) {
      open.add(from);
      from.on('data', (data) => into.write(data)).on('end', () => into.end());
      from.on('error', () => into.destroy()).on('close', () => open.delete(from));
      if (now === 'holds') from.pause();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    become(shape) {
      now = shape;
      for (const socket of open)
        if (shape === 'refuses') socket.destroy();
        else if (shape === 'holds') socket.pause();
        else socket.resume();
    },
    leadTo(port) {
      to = port;
      for (const socket of open) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
