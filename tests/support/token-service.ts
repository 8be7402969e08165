import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request as passOn, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificates } from './github-stub/certificates.ts';
import { bytesOf, sendJson, served, withoutUpgrades } from './model-stub/server.ts';

/**
 * The services of a vendor for who is logged in: a refresh token is good for one use, and its second use logs the
 * person out. On 127.0.0.1, also as a proxy whose CONNECT leads to the same services, whatever the host.
 */
export interface TokenService extends AsyncDisposable {
  url: string;
  /** The tokens of a new login. */
  logIn(): Tokens;
  accepts(token: string): boolean;
  /** Ends every access token, as time would. */
  endAccess(): void;
  /** How often a login was renewed. */
  renewals(): number;
  /** Whether a refresh token was used twice. */
  isLoggedOut(): boolean;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

export interface TokenServicePlan {
  /** How long a token lasts by its own words. */
  lifeSeconds?: number;
  /** Makes the text of an access token. @param endsAt in seconds since the epoch */
  access?: (endsAt: number) => string;
  /** The model that those get who are logged in. */
  modelUrl?: () => string;
  /** For CONNECT. */
  certificates?: Certificates;
}

export async function startTokenService(plan: TokenServicePlan = {}): Promise<TokenService> {
  const { lifeSeconds = 3600, access = () => randomBytes(8).toString('hex') } = plan;
  const [valid, unused, used] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const logIn = () => {
    const tokens = {
      access_token: access(Math.floor(Date.now() / 1000) + lifeSeconds),
      refresh_token: `refresh-${randomBytes(8).toString('hex')}`,
      expires_in: lifeSeconds,
    };
    valid.add(tokens.access_token);
    unused.add(tokens.refresh_token);
    return tokens;
  };
  let isLoggedOut = false;
  const renew = (token: string): [number, object] => {
    if (used.has(token)) isLoggedOut = true;
    if (isLoggedOut || !unused.delete(token)) return [400, { error: 'invalid_grant' }];
    used.add(token);
    return [200, { ...logIn(), token_type: 'Bearer', scope: 'user:inference user:profile' }];
  };
  const accepts = (token: string) => !isLoggedOut && valid.has(token);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.endsWith('/oauth/token')) return sendJson(response, ...renew(await tokenIn(request)));
    // What Codex asks about workspaces; without an answer it goes on.
    if (request.url?.startsWith('/backend-api/')) return sendJson(response, 404, {});
    const isIn = accepts(request.headers.authorization?.replace('Bearer ', '') ?? '');
    if (!isIn) return sendJson(response, 401, { type: 'error', error: { type: 'authentication_error' } });
    if (request.url?.endsWith('/profile')) return sendJson(response, 200, PROFILE);
    const model = plan.modelUrl?.();
    if (model === undefined) return sendJson(response, 404, {});
    const { method = 'GET', headers } = request;
    const onward = passOn(`${model}${request.url}`, { method, headers }, (got) => {
      response.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(response);
    });
    request.pipe(onward.on('error', () => response.destroy()));
  };
  const server = serverWith((request, response) => {
    answer(request, response).catch(() => response.destroy());
  }, plan.certificates);
  return {
    ...(await served(server)),
    logIn,
    accepts,
    endAccess: () => valid.clear(),
    renewals: () => used.size,
    isLoggedOut: () => isLoggedOut,
  };
}

const PROFILE = {
  account: { uuid: 'u', email: 'ada@example.org', has_claude_max: true },
  organization: { uuid: 'o', organization_type: 'claude_max' },
};

async function tokenIn(request: IncomingMessage): Promise<string> {
  const body = (await bytesOf(request)).toString();
  const form = () => Object.fromEntries(new URLSearchParams(body));
  return String((body.startsWith('{') ? JSON.parse(body) : form()).refresh_token);
}

function serverWith(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  certificates: Certificates | undefined,
) {
  const server = withoutUpgrades(createServer(answer));
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    if (certificates === undefined) return socket.destroy();
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const { key, cert } = certificates;
    const inner = new TLSSocket(socket, { isServer: true, key, cert });
    server.emit(
      'connection',
      inner.on('error', () => inner.destroy()),
    );
  });
  return server;
}
