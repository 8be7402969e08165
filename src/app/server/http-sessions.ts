import { randomUUID } from 'node:crypto';
import {
  isLegacyRequest,
  type ProtocolEra,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { ActionContext } from '../../core/caller/context/context.ts';
import type { HttpSessions, RemoteClient } from '../../core/faces/http-sessions.ts';
import { parseJson } from '../../core/kernel/parse-json.ts';
import { type BuiltServer, buildServer } from './build-server.ts';
import { httpRequests, withEnd } from './http-requests.ts';

interface HttpSession {
  client: RemoteClient;
  transport: WebStandardStreamableHTTPServerTransport;
  /** The number of responses being sent, including the stream of notifications. */
  open: number;
  /** The time at which the last request began or ended. */
  usedAt: number;
}

const MAX_SESSIONS = 32;
const IDLE_MS = 30 * 60_000;
const CHECK_MS = 1000;

/**
 * Serves MCP over Streamable HTTP: with a server for each session of a client, or for each request of a client of the
 * modern era.
 */
export function httpSessions(
  isValid: (client: RemoteClient) => boolean,
  { env: { CLAUDE_PROJECT_DIR: _, ...env }, ...context }: ActionContext,
  end: AbortSignal,
): HttpSessions {
  const { clock } = context;
  const sessions = new Set<HttpSession>();
  let lastUse = clock.monotonic();
  // The folders of this process mean nothing to a client elsewhere.
  const far = { ...context, env, cwd: '/' };
  const build = ({ isReadOnly, name: remote }: RemoteClient, era: ProtocolEra): BuiltServer =>
    buildServer({ version: __VERSION__, era, isReadOnly, remote, loadActions: async () => far });
  const begin = async (client: RemoteClient): Promise<HttpSession> => {
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
    const session = { client, transport, open: 0, usedAt: lastUse };
    sessions.add(session);
    transport.onclose = () => void sessions.delete(session);
    await build(client, 'legacy').server.connect(transport);
    return session;
  };
  const noteUse = () => {
    lastUse = clock.monotonic();
  };
  const requests = httpRequests((client) => build(client, 'modern').server, far, noteUse);
  const closeUnused = async () => {
    while (!end.aborted) {
      await clock.sleep(CHECK_MS, end).catch(() => undefined);
      for (const { client, transport, open, usedAt } of sessions) {
        const isIdle = open === 0 && clock.monotonic() - usedAt > IDLE_MS;
        if (isIdle || end.aborted || !isValid(client)) await transport.close();
      }
      requests.closeUnless(isValid);
    }
    await requests.close();
  };
  void closeUnused();
  return {
    async answer(request, client) {
      noteUse();
      const body = request.method === 'POST' ? parseJson(await request.clone().text()) : undefined;
      if (body !== undefined && !(await isLegacyRequest(request, body)))
        return await requests.answer(request, client, body);
      const id = request.headers.get('mcp-session-id');
      const own = [...sessions].filter((each) => each.client.hash === client.hash);
      const known = own.find(({ transport }) => id !== null && transport.sessionId === id);
      if (id !== null && known === undefined)
        return refusal(404, 'There is no such session. Initialize a new one.');
      if (known === undefined && sessions.size >= MAX_SESSIONS)
        return refusal(
          429,
          `There are already ${MAX_SESSIONS} sessions. End one, or try again in half an hour.`,
        );
      const session = known ?? (await begin(client));
      session.open += 1;
      const response = await session.transport.handleRequest(request);
      // Only `initialize` begins a session.
      if (session.transport.sessionId === undefined) await session.transport.close();
      return withEnd(response, () => {
        session.open -= 1;
        session.usedAt = lastUse = clock.monotonic();
      });
    },
    usedAt: () =>
      requests.areOpen() || [...sessions].some(({ open }) => open > 0) ? Number.POSITIVE_INFINITY : lastUse,
  };
}

function refusal(status: 404 | 429, message: string): Response {
  const error = { code: status === 404 ? -32001 : -32000, message };
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status });
}
