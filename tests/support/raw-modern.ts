import { InMemoryTransport } from '@modelcontextprotocol/client';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { buildServer, type ServerDeps } from '../../src/app/server/build-server.ts';
import { serveEras } from '../../src/app/server/serve-eras.ts';

/** As Claude Code declares itself in a terminal. */
export const IN_TERMINAL = {
  elicitation: { form: {}, url: {} },
  extensions: { 'io.modelcontextprotocol/tasks': {} },
};

export interface RawForm {
  mode: 'form' | 'url';
  message: string;
  url?: string;
  requestedSchema: {
    properties: Record<
      string,
      { enum?: string[]; enumNames?: string[]; description?: string; default?: string }
    >;
    required?: string[];
  };
}

/** A result as sent, or an error. */
export interface RawAnswer {
  error?: { code: number; message: string };
  resultType?: string;
  taskId?: string;
  status?: string;
  statusMessage?: string;
  pollIntervalMs?: number;
  inputRequests?: Record<string, { method: string; params: RawForm }>;
  /** Of a tool, or of a task that is over. */
  result?: { structuredContent: Record<string, unknown>; isError?: boolean; content: { text: string }[] };
  structuredContent?: Record<string, unknown>;
  [key: string]: unknown;
}

export interface RawModern extends AsyncDisposable {
  /** Sends a request of revision 2026-07-28. */
  request(method: string, params?: object, capabilities?: object): Promise<RawAnswer>;
}

/** A server of the modern era in this process, without an SDK on the side of the client. */
export async function rawModern(deps: ServerDeps, name = 'claude-code'): Promise<RawModern> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const build = (era: NonNullable<ServerDeps['era']>) => buildServer({ ...deps, era });
  serveEras(far, build, () => {});
  const waiting = new Map<unknown, (message: { result?: RawAnswer; error?: RawAnswer['error'] }) => void>();
  near.onmessage = (message: JSONRPCMessage) => {
    if ('id' in message && !('method' in message)) waiting.get(message.id)?.(message as object);
  };
  await near.start();
  let last = 0;
  const request: RawModern['request'] = async (method, params = {}, capabilities = IN_TERMINAL) => {
    last += 1;
    const id = `r${last}`;
    const answered = new Promise<{ result?: RawAnswer; error?: RawAnswer['error'] }>((resolve) =>
      waiting.set(id, resolve),
    );
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name, version: '2.1.332' },
      'io.modelcontextprotocol/clientCapabilities': capabilities,
    };
    await near.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta } });
    const { result, error } = await answered;
    waiting.delete(id);
    return result ?? { error };
  };
  await request('server/discover');
  return { request, [Symbol.asyncDispose]: async () => await near.close() };
}
