import type { MiddlewareHandler } from 'hono';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';

/** Host names of this machine, with any port: a tunnel uses its own port. */
const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];
const MAX_BODY_BYTES = 1024 * 1024;

export interface RequestRules {
  hosts: readonly string[];
  /** A TLS proxy in front of the server, whose origin is then the only one accepted. */
  proxy?: URL;
  headers: Readonly<Record<string, string>>;
}

/**
 * Refuses requests from other origins, under other host names or with large bodies, before anything reads them.
 * Cookies and CORS are not used, so that another page cannot send a request on a person's behalf.
 */
export function ownRequestsOnly({ hosts, proxy, headers }: RequestRules): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    const host = c.req.header('host') ?? '';
    // DNS rebinding reaches this server under a host name of the attacker's.
    if (!isOwnHost(host, { hosts, proxy })) return c.text('This server has another host name.', 421);
    const origin = c.req.header('origin');
    const own = proxy?.origin ?? `http://${host}`;
    if (origin !== undefined && origin !== own) return c.text('Another page may not ask.', 403);
    const site = c.req.header('sec-fetch-site') ?? 'none';
    // Opening the page from a link in another page is harmless: it contains no data.
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

/** The hash of the token in an `Authorization` header. Comparing hashes leaks nothing about a token through timing. */
export function bearerHash(header = ''): string {
  return fingerprint(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
}
