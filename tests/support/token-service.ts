import { randomBytes } from 'node:crypto';
import { type Call, type StubServer, sendJson, startServer } from './model-stub/server.ts';

/** The service of a vendor that gives out tokens: a refresh token is good for one use, and a second use ends them all. */
export interface TokenService extends StubServer {
  /** Tokens of a new login. */
  logIn(): Tokens;
  /** The tokens that a person can still use: none once a refresh token was used twice. */
  accepts(token: string): boolean;
  /** Ends every access token, as time would. */
  endAccess(): void;
  /** How often a login was renewed. */
  renewals(): number;
  /** Whether a refresh token was used twice, which logs its person out. */
  isRevoked(): boolean;
  respond(call: Call): { status: number; body: object } | undefined;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

/** @param access makes the text of an access token that ends at a time, in seconds since the epoch */
export async function startTokenService({
  lifeSeconds = 3600,
  access = () => `access-${randomBytes(8).toString('hex')}`,
}: {
  lifeSeconds?: number;
  access?: (endsAt: number) => string;
} = {}): Promise<TokenService> {
  const [valid, unused, used] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let revoked = false;
  let renewals = 0;
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
  const respond = ({ path, body }: Pick<Call, 'path' | 'body'>) => {
    if (!/\/oauth\/token$/.test(path)) return undefined;
    const { refresh_token: token } = body.startsWith('{')
      ? JSON.parse(body)
      : Object.fromEntries(new URLSearchParams(body));
    if (used.has(token)) {
      revoked = true;
      valid.clear();
      unused.clear();
    }
    if (!unused.delete(token)) return { status: 400, body: { error: 'invalid_grant' } };
    used.add(token);
    renewals += 1;
    const scope = 'user:inference user:profile';
    return { status: 200, body: { ...logIn(), token_type: 'Bearer', scope } };
  };
  const server = await startServer((call, response) => {
    const { status, body } = respond(call) ?? answerFor(call);
    sendJson(response, status, body);
  });
  const accepts = (token: string) => valid.has(token);
  const answerFor = ({ headers }: Pick<Call, 'headers'>) => {
    const isIn = accepts(headers.authorization?.replace('Bearer ', '') ?? '');
    return isIn ? { status: 404, body: {} } : { status: 401, body: {} };
  };
  return {
    ...server,
    logIn,
    accepts,
    endAccess: () => valid.clear(),
    renewals: () => renewals,
    isRevoked: () => revoked,
    respond,
  };
}
