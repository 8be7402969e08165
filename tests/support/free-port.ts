import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to connections that go out, one of which would take it before the test does. */
const [FIRST, COUNT] = [20_000, 12_000];

/** A port of this machine without a listener. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    await new Promise((closed) => server.close(closed));
    return port;
  }
}
