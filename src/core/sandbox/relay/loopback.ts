import type { LookupAddress } from 'node:dns';
import net from 'node:net';
import type { Duplex } from 'node:stream';

/** Programs such as vite listen on `localhost`, which may be ::1 alone. */
export function connectHere(port: number): net.Socket {
  return net.connect({
    port,
    host: 'localhost',
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 10_000,
    lookup: (_name: string, _options: object, found: (error: null, addresses: LookupAddress[]) => void) =>
      found(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ]),
  });
}

/** Forwards both directions until one side closes. */
export function couple(one: Duplex, other: net.Socket): void {
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
  one.pipe(other).pipe(one);
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
}

/** Where the relay of a service opens the socket that leads to a port. */
export function inboundFolder(net: string, port: number): string {
  return `${net}/in/${port}`;
}
