import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { systemErrorCode } from '../../../core/kernel/errors.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { couple, inboundFolder } from '../../../core/sandbox/relay/loopback.ts';

export interface Inbound {
  close(): Promise<void>;
}

/**
 * Listens on ports of this machine's loopback addresses and forwards to the services of strict sandboxes, so that a
 * browser and other sandboxes reach them.
 * @param folder the sandbox's `net`, absolute
 * @throws the system's error if another program listens there
 */
export async function openInbound(folder: string, ports: readonly number[]): Promise<Inbound> {
  const opened: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(opened.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  try {
    for (const port of ports) {
      makeFolder(inboundFolder(folder, port), 0o700);
      for (const host of ['127.0.0.1', '::1']) {
        const server = net.createServer((outer) => {
          sockets.add(outer);
          outer.once('close', () => sockets.delete(outer));
          forward(outer, join(inboundFolder(folder, port), 'socket'));
        });
        if (await listens(server, { host, port })) opened.push(server.unref());
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

/** @returns false if this machine has no such address */
function listens(server: net.Server, at: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (/^(?:EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(systemErrorCode(error) ?? '')) resolve(false);
      else reject(error);
    });
    server.listen(at, () => resolve(true));
  });
}

/** Linux; Node has no name for it. */
const O_PATH = 0o10000000;

/**
 * The service can put anything in the socket's place, such as a link to a socket that sandboxes must not reach. So it is
 * opened without following links, and connected to only as what was opened.
 */
function forward(outer: net.Socket, path: string): void {
  let at: number;
  try {
    at = openSync(path, O_PATH | constants.O_NOFOLLOW);
  } catch {
    // The service has not started yet, or has ended. Clients try a connection again that was merely closed.
    outer.resetAndDestroy();
    return;
  }
  if (!fstatSync(at).isSocket()) {
    closeSync(at);
    outer.resetAndDestroy();
    return;
  }
  const inner = net.connect(`/proc/self/fd/${at}`);
  inner.once('close', () => closeSync(at));
  couple(outer, inner);
}
