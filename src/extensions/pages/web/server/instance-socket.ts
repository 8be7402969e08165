import { chmodSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { pageSocket, type ServedPage } from '../../../../core/caller/facts/live-page.ts';
import { orNothing, systemErrorCode } from '../../../../core/kernel/errors.ts';
import { makeFolder } from '../../../../core/kernel/files/make-folder.ts';
import type { CodeKind } from './tab-key.ts';

/** The functions of the first `samocode web` that later ones call. */
export interface RunningInstance {
  served: ServedPage;
  newCode(kind: CodeKind): string;
  leave(): void;
}

/**
 * Answers later calls of `samocode web` on a socket until the socket is closed.
 * @throws the system error if the folder cannot be written
 */
export async function answerOthers(
  home: string,
  { served, newCode, leave }: RunningInstance,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      const asked = text.trim();
      if (asked === 'leave') {
        // Closes first, which removes the socket file: its successor creates one as soon as it has the answer.
        server.close();
        leave();
      }
      const code = asked === 'address' || asked === 'digits' ? newCode(asked) : undefined;
      socket.end(JSON.stringify({ ...served, code }));
    });
  });
  await listenOnSocket(server, pageSocket(home));
  return server;
}

/**
 * Listens on a socket that only this user can reach, and replaces the file that an ended process left.
 * @throws the system error; EADDRINUSE if another process listens there
 */
async function listenOnSocket(server: Server, path: string): Promise<void> {
  makeFolder(dirname(path), 0o700);
  if (!(await isAnswered(path))) rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  chmodSync(dirname(path), 0o700);
}

async function isAnswered(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    // EAGAIN: its queue is full, so a process holds it.
    socket.on('error', (error) => resolve(systemErrorCode(error) === 'EAGAIN'));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

const LISTENS = '00010000';

/** The process that listens on a socket; undefined on systems without /proc. */
export function listenerOn(path: string): number | undefined {
  const table = orNothing(() => readFileSync('/proc/net/unix', 'utf8')) ?? '';
  const rows = table.split('\n').filter((row) => row.endsWith(` ${path}`));
  const inodes = rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[3] === LISTENS);
  const sockets = new Set(inodes.map((row) => `socket:[${row[6]}]`));
  if (sockets.size === 0) return undefined;
  const holds = (pid: string) =>
    (orNothing(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some((name) =>
      sockets.has(orNothing(() => readlinkSync(`/proc/${pid}/fd/${name}`)) ?? ''),
    );
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find(holds);
  return found === undefined ? undefined : Number(found);
}
