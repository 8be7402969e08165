import { chmodSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { pageSocket, type ServedPage } from '../acts/common/live-page.ts';

/**
 * Answers later calls of `samocode web` on a socket until the socket is closed.
 * @throws the system error if the folder cannot be written
 */
export async function answerOthers(
  home: string,
  served: () => ServedPage,
  leave: () => void,
): Promise<Server> {
  const path = pageSocket(home);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // The caller has checked that no process answers on this socket.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      if (text.startsWith('leave')) {
        // Closes first, which removes the socket file: its successor creates one as soon as it has the answer.
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
