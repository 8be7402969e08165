import { lookup } from 'node:dns/promises';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { allProviders } from '../agents/registry.ts';
import { makeFolder } from '../kernel/files/make-folder.ts';
import type { SandboxOpenings } from '../kernel/sandbox-level.ts';
import { allowsHost } from '../project/settings/sandbox-hosts.ts';
import { connectHere, couple } from './relay/loopback.ts';

export interface EgressRules {
  /** Names, as in SANDBOX_HOSTS without `packages`. */
  hosts: readonly string[];
  /** Ports of this machine. */
  ports: readonly number[];
  /** The user's own proxy variables: allowed connections are forwarded through that proxy. */
  env: Readonly<Record<string, string | undefined>>;
}

export interface EgressProxy {
  close(): Promise<void>;
}

/** This machine, private networks, other link-local and reserved addresses. */
const PRIVATE = new net.BlockList();
for (const subnet of '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/3 ::/96 64:ff9b::/96 fc00::/7 fe80::/10'.split(
  ' ',
)) {
  const [address = '', bits] = subnet.split('/');
  PRIVATE.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
}

/**
 * Opens the sockets to which the relay in a strict sandbox connects: a proxy for allowed hosts, and this machine's
 * ports. Names are resolved here; an address of this machine or of a private network is refused unless it is itself
 * allowed.
 * @param folder absolute; its sockets are replaced
 * @param refused is called with `host:port` and why
 */
export async function openEgressProxy(
  folder: string,
  rules: EgressRules,
  refused: (target: string, why: string) => void,
): Promise<EgressProxy> {
  makeFolder(folder, 0o700);
  // A socket's path is limited to 107 bytes, so it begins with a descriptor.
  const at = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  const servers = [proxyServer(rules, refused), ...rules.ports.map(portServer)];
  const names = ['proxy', ...rules.ports.map(String)];
  await Promise.all(
    servers.map((server, index) => {
      const name = names[index] ?? '';
      rmSync(join(folder, name), { force: true });
      return new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(`/proc/self/fd/${at}/${name}`, resolve);
      });
    }),
  );
  for (const server of servers) server.unref();
  return {
    close: async () => {
      for (const server of servers) {
        if (server instanceof http.Server) server.closeAllConnections();
        server.close();
      }
      closeSync(at);
    },
  };
}

function portServer(port: number): net.Server {
  return net.createServer((inner) => couple(inner, connectHere(port)));
}

type Target = { host: string; port: number };

function proxyServer(rules: EgressRules, refused: (target: string, why: string) => void): http.Server {
  const server = http.createServer((request, response) => {
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
    if (url?.protocol !== 'http:') return void response.writeHead(400).end('samocode: not a proxy request\n');
    const target = { host: plainHost(url.hostname), port: Number(url.port || 80) };
    void allowed(target, 'http').then((to) => {
      if (typeof to === 'string') return void response.writeHead(403).end(`samocode: ${to}\n`);
      const upstream = upstreamFor(rules.env, 'http', target.host);
      // Another name in the header could reach another site on the same server.
      const headers = { ...request.headers, host: url.host };
      const options = upstream
        ? { ...upstream, path: request.url, headers: { ...headers, ...upstream.headers } }
        : { ...to, path: url.pathname + url.search, headers };
      const outer = http.request({ ...options, method: request.method }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      outer.on('error', (error) => {
        if (response.headersSent) response.destroy();
        else response.writeHead(502).end(`samocode: ${error.message}\n`);
      });
      response.on('close', () => outer.destroy());
      request.pipe(outer);
    });
  });
  server.on('connect', (request: http.IncomingMessage, inner: Duplex, head: Buffer) => {
    inner.on('error', () => inner.destroy());
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(request.url ?? '') ?? [];
    void allowed({ host: plainHost(host), port: Number(port) }, 'https').then((to) => {
      if (typeof to === 'string')
        return void inner.end(`HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\nsamocode: ${to}\n`);
      const upstream = upstreamFor(rules.env, 'https', plainHost(host));
      if (upstream === undefined) {
        const outer = net.connect(to.port, to.host, () => {
          inner.write('HTTP/1.1 200 OK\r\n\r\n');
          outer.write(head);
        });
        return couple(inner, outer);
      }
      const asks = http.request({ ...upstream, method: 'CONNECT', path: request.url });
      asks.on('error', () => inner.destroy());
      asks.on('connect', (answer, outer) => {
        inner.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n\r\n`);
        outer.write(head);
        couple(inner, outer);
      });
      asks.end();
    });
  });
  // An upload can take longer than Node's five minutes.
  server.requestTimeout = 0;
  /** @returns where to connect to, or why not */
  const allowed = async ({ host, port }: Target, scheme: 'http' | 'https'): Promise<Target | string> => {
    const why = await whyNot({ host, port }, scheme);
    if (typeof why !== 'string') return why;
    refused(`${host}:${port}`, why);
    return `${host}:${port} ${why}`;
  };
  const whyNot = async ({ host, port }: Target, scheme: 'http' | 'https'): Promise<Target | string> => {
    if (!allowsHost(rules.hosts, host, port)) return 'is not in SANDBOX_HOSTS';
    // That proxy resolves the name, and knows which networks are private.
    if (upstreamFor(rules.env, scheme, host)) return { host, port };
    const found = await lookup(host, { all: true }).catch(() => []);
    if (found.length === 0) return 'has no address';
    const usable = found.find(
      ({ address, family }) =>
        !PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4') || allowsHost(rules.hosts, address, port),
    );
    return usable === undefined
      ? `leads to a private address (${found[0]?.address})`
      : { host: usable.address, port };
  };
  return server;
}

function plainHost(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase();
}

/** The user's own proxy for this host. */
function upstreamFor(env: EgressRules['env'], scheme: 'http' | 'https', host: string) {
  const url = usersProxy(env, scheme)?.url;
  if (url === undefined) return undefined;
  const isDirect = directHosts(env).some((each) => {
    const name = each.replace(/^\*?\./, '').replace(/:\d+$/, '');
    return each === '*' || host === name || host.endsWith(`.${name}`);
  });
  if (isDirect) return undefined;
  const { hostname, port, username, password } = url;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  return {
    host: plainHost(hostname),
    port: Number(port || 80),
    headers: username === '' ? {} : { 'proxy-authorization': `Basic ${login}` },
  };
}

type Scheme = 'http' | 'https';

function variableOf(env: EgressRules['env'], name: string) {
  return [name.toLowerCase(), name].find((each) => env[each]);
}

function directHosts(env: EgressRules['env']): string[] {
  const value = env[variableOf(env, 'NO_PROXY') ?? ''] ?? '';
  return value.split(/[\s,]+/).filter(Boolean);
}

/** The variable of the user's proxy for a scheme, and its address; an address without a scheme counts as one of HTTP. */
function usersProxy(env: EgressRules['env'], scheme: Scheme) {
  const name = variableOf(env, `${scheme.toUpperCase()}_PROXY`) ?? variableOf(env, 'ALL_PROXY');
  if (name === undefined) return undefined;
  const value = env[name] ?? '';
  const address = value.includes('://') ? value : `http://${value}`;
  return { name, url: URL.canParse(address) ? new URL(address) : undefined };
}

/**
 * Why nothing can be reached through the user's own proxy: allowed connections are passed on with HTTP's CONNECT, in
 * plain text. @returns undefined if there is no proxy, or it can be used
 */
export function unusableProxy(env: EgressRules['env']): { why: string; hint: string } | undefined {
  if (directHosts(env).includes('*')) return undefined;
  const proxies = (['http', 'https'] as const).flatMap((scheme) => usersProxy(env, scheme) ?? []);
  const [unfit] = proxies.filter(({ url }) => url?.protocol !== 'http:');
  if (unfit === undefined) return undefined;
  const { name, url } = unfit;
  const kind = url === undefined ? 'no address' : `a proxy of the kind ${url.protocol}//`;
  return {
    why: `${name} names ${kind}, and the strict sandbox reaches the network only through one of the kind http://`,
    hint: `Set ${name} to an http:// proxy, unset it, or set SANDBOX=guard in .samocode.`,
  };
}

const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The hosts that agents of these providers may reach: their services, including any that the user's variables name.
 */
export function egressRules(
  { hosts, ports }: SandboxOpenings,
  providers: readonly string[],
  env: EgressRules['env'],
): EgressRules & { ports: number[] } {
  const used = allProviders().filter(({ name }) => providers.includes(name));
  const named = used.flatMap(({ credentials }) => credentials).flatMap((name) => serviceIn(env[name]) ?? []);
  const isLocal = ({ hostname }: URL) => LOCAL.test(hostname);
  const portOf = ({ port, protocol }: URL) => Number(port || (protocol === 'https:' ? 443 : 80));
  return {
    hosts: [
      ...hosts,
      ...used.flatMap((provider) => provider.hosts ?? []),
      ...named.filter((url) => !isLocal(url)).map((url) => `${url.hostname}:${portOf(url)}`),
    ],
    ports: [...new Set([...ports, ...named.filter(isLocal).map(portOf)])],
    env,
  };
}

function serviceIn(value: string | undefined): URL | undefined {
  return value !== undefined && /^https?:/.test(value) && URL.canParse(value) ? new URL(value) : undefined;
}
