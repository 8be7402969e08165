import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../base/clock.ts';
import { fingerprint } from '../base/files/fingerprint.ts';

/** Names that lead to this machine from itself, whatever the port: a tunnel has its own. */
const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];
const MAX_BODY_BYTES = 1024 * 1024;
/** Requests without a token that are answered in a second; a person's page has one. */
const STRANGERS_PER_SECOND = 10;

export interface RequestRules {
  /** Further names under which the page may be opened. */
  hosts: readonly string[];
  /** A TLS proxy in front of it: its origin is the only one. */
  proxy?: URL | undefined;
  /** The headers of every answer. */
  headers: Readonly<Record<string, string>>;
}

/**
 * Refuses what other pages, other names and forms send, before anything reads the request. Cookies and CORS are not
 * used, so that a page has nothing to send on a person's behalf.
 */
export function ownRequestsOnly({ hosts, proxy, headers }: RequestRules): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    const host = c.req.header('host') ?? '';
    // A rebinding attack leads here by a name of its own.
    if (!isOwnHost(host, { hosts, proxy })) return c.text('This name does not lead here.', 421);
    const origin = c.req.header('origin');
    const own = proxy?.origin ?? `http://${host}`;
    if (origin !== undefined && origin !== own) return c.text('Another page may not ask.', 403);
    const site = c.req.header('sec-fetch-site') ?? 'none';
    // Opening the page from a link in another one is harmless: it holds no data.
    const isPage = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate';
    if (site !== 'same-origin' && site !== 'none' && !isPage) return c.text('Another page may not ask.', 403);
    // A body of unknown length cannot be refused before it is read.
    const isEndless = c.req.header('transfer-encoding') !== undefined;
    if (isEndless || Number(c.req.header('content-length') ?? 0) > MAX_BODY_BYTES)
      return c.text('More than 1 MB, or a body of unknown length, cannot be sent.', 413);
    return await next();
  };
}

function isOwnHost(host: string, { hosts, proxy }: Pick<RequestRules, 'hosts' | 'proxy'>): boolean {
  if (proxy !== undefined) return host === proxy.host;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return OWN_NAMES.includes(name) || hosts.some((own) => own.toLowerCase() === name);
}

/** The hash of the token that an `Authorization` header carries: where two hashes differ says nothing about a token. */
export function bearerHash(header = ''): string {
  return fingerprint(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
}

/** Counts requests without a token. @returns whether a further one is answered */
export function strangerLimit(clock: Pick<Clock, 'monotonic'>): () => boolean {
  let second = 0;
  let count = 0;
  return () => {
    const now = Math.floor(clock.monotonic() / 1000);
    if (now !== second) [second, count] = [now, 0];
    count += 1;
    return count <= STRANGERS_PER_SECOND;
  };
}
