import { chmodSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { configFolder } from '../base/config-folder.ts';
import { parseJson } from '../base/parse-json.ts';

/** What the first `samocode web` tells a second one. */
const Served = z.object({ address: z.string(), token: z.string(), onlyShows: z.boolean(), pid: z.int() });
export type Served = z.infer<typeof Served>;

/** In the folder that the guard hides from agents, and only for its owner. */
function socketPath(home: string): string {
  return join(configFolder(home), 'web.sock');
}

/** Asks the page that runs. @param leave it should end. @returns undefined if none runs */
export async function askFirst(home: string, { leave = false } = {}): Promise<Served | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(socketPath(home));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      text += data;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(Served.safeParse(parseJson(text)).data));
    socket.end(leave ? 'leave\n' : 'where\n');
  });
}

/**
 * Answers later `samocode web` until it is closed.
 * @throws the error of the system, if the folder cannot be written
 */
export async function answerOthers(home: string, served: () => Served, leave: () => void): Promise<Server> {
  const path = socketPath(home);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Nobody answers there: it is left over.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      socket.end(JSON.stringify(served()));
      if (text.startsWith('leave')) leave();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}
