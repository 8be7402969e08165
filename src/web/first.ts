import { chmodSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { pageSocket, type ServedPage } from '../acts/common/live-page.ts';

/**
 * Answers later `samocode web` until it is closed.
 * @throws the error of the system, if the folder cannot be written
 */
export async function answerOthers(
  home: string,
  served: () => ServedPage,
  leave: () => void,
): Promise<Server> {
  const path = pageSocket(home);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Nobody answers there: it is left over.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      if (text.startsWith('leave')) {
        // Closing removes the socket's file, which the successor makes as soon as it has the answer.
        server.close();
        leave();
      }
      socket.end(JSON.stringify(served()));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}
