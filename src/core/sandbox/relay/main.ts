import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';
import { constants } from 'node:os';
import { connectHere, couple, inboundFolder } from './loopback.ts';

/**
 * The only connection of a strict sandbox, which has no network. Started inside the sandbox, it listens on loopback
 * addresses, forwards each connection to a socket of the worker outside, and runs the command with a proxy there.
 * Of a service it also forwards the other way: a socket in a folder that only this sandbox can write leads to its port.
 * Arguments: the folder of the sockets, the host's ports to forward and those that the command serves (each separated
 * by commas), the command.
 */
const [folder = '', ports = '', serves = '', file = '', ...args] = process.argv.slice(2);

/** If the worker dies, another one is started within a minute and listens on a new socket of the same name. */
const RETRY_MS = 200;
const RETRIES = 300;

function forward(inner: net.Socket, name: string, retries = RETRIES): void {
  const outer = net.connect(`${folder}/${name}`);
  let isConnected = false;
  outer.once('connect', () => {
    isConnected = true;
    inner.pipe(outer).pipe(inner);
    inner.once('close', () => outer.destroy());
    outer.once('close', () => inner.destroy());
  });
  outer.on('error', () => {
    if (isConnected || inner.destroyed || retries === 0) inner.destroy();
    else setTimeout(() => forward(inner, name, retries - 1), RETRY_MS);
  });
}

function listen(name: string, port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer((inner) => {
      inner.on('error', () => inner.destroy());
      forward(inner, name);
    });
    // The machine may have no IPv6; the IPv4 address is enough.
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => resolve((server.address() as net.AddressInfo).port));
  });
}

function forwardInbound(port: number): Promise<void> {
  const socket = `${inboundFolder(folder, port)}/socket`;
  rmSync(socket, { force: true });
  const server = net.createServer((outer) => {
    couple(outer, connectHere(port));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
}

async function main(): Promise<void> {
  for (const port of ports.split(',').filter(Boolean))
    for (const host of ['127.0.0.1', '::1']) await listen(port, Number(port), host);
  for (const port of serves.split(',').filter(Boolean)) await forwardInbound(Number(port));
  // Last, so that the system does not choose one of those ports for it.
  const proxy = `http://127.0.0.1:${await listen('proxy', 0, '127.0.0.1')}`;
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  const local = 'localhost,127.0.0.1,::1';
  const env = {
    ...process.env,
    ...Object.fromEntries(names.map((name) => [name, proxy])),
    NO_PROXY: local,
    no_proxy: local,
    NODE_USE_ENV_PROXY: '1',
  };
  const child = spawn(file, args, { stdio: 'inherit', env });
  // The command receives these signals too and decides when to exit.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(127);
  });
}

void main();
