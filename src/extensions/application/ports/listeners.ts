import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { orNothing, systemErrorCode } from '../../../core/kernel/errors.ts';

const LISTENING = '0A';

/**
 * The sockets that listen on a port in the networks of processes, as the file descriptors of their owners name them.
 * @param of parents first: children may end at any moment
 * @returns undefined on systems without /proc
 */
export function listeningSockets(
  port: number,
  of: ReadonlyArray<number | 'self'> = ['self'],
): Set<string> | undefined {
  if (networkOf('self') === undefined) return undefined;
  const networks = new Map<string, number | 'self'>();
  for (const pid of of) {
    const network = networkOf(pid);
    if (network !== undefined && !networks.has(network)) networks.set(network, pid);
  }
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const ours = [...networks.values()]
    .flatMap(socketsOf)
    .filter(([, local, , state]) => state === LISTENING && local?.endsWith(suffix));
  return new Set(ours.map((row) => `socket:[${row[9]}]`));
}

function networkOf(pid: number | 'self'): string | undefined {
  return orNothing(() => readlinkSync(`/proc/${pid}/ns/net`));
}

function socketsOf(pid: number | 'self'): string[][] {
  const tables = ['tcp', 'tcp6'].map((name) =>
    orNothing(() => readFileSync(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  const rows = tables.flatMap((table = '') => table.split('\n').slice(1));
  return rows.map((row) => row.trim().split(/\s+/));
}

/** Whether a process that may be examined from here holds one of the sockets. */
export function holdsOneOf(sockets: ReadonlySet<string>, pid: number): boolean {
  const folder = `/proc/${pid}/fd`;
  const descriptors = orNothing(() => readdirSync(folder)) ?? [];
  return descriptors.some((name) => sockets.has(orNothing(() => readlinkSync(`${folder}/${name}`)) ?? ''));
}

/** Of the addresses that a program may listen on; IPv6 may be missing. */
const ADDRESSES = ['127.0.0.1', '::1', '0.0.0.0'];

export async function isFree(port: number): Promise<boolean> {
  for (const address of ADDRESSES) if (!(await canBind(port, address))) return false;
  return true;
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(!OCCUPIED.has(systemErrorCode(error) ?? '')));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const OCCUPIED = new Set(['EADDRINUSE', 'EACCES']);

const ANSWER_MS = 1000;

/** Whether something accepts connections to a port of this machine. */
export async function isAnswered(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '::1']) if (await connects(port, host)) return true;
  return false;
}

function connects(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host, timeout: ANSWER_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    // A program that is stopped with a full queue does not even refuse.
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
