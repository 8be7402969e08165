import { InMemoryTransport } from '@modelcontextprotocol/client';
import { buildServer } from '../../src/app/server/build-server.ts';
import { serveEras } from '../../src/app/server/serve-eras.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { TASKS_EXTENSION } from '../../src/core/kit/mcp/chat-tasks.ts';

export interface RawResult {
  resultType?: string;
  content?: readonly { text?: string }[];
  structuredContent?: object;
  isError?: boolean;
  taskId?: string;
  status?: string;
  pollIntervalMs?: number;
  inputRequests?: Readonly<Record<string, { params: TaskForm }>>;
  requestState?: unknown;
  /** Of a task that is completed. */
  result?: RawResult;
}

/** What the client shows by itself. */
export interface TaskForm {
  mode: 'form' | 'url';
  requestedSchema?: { properties: Readonly<Record<string, { enum?: readonly string[] }>> };
}

/** Sends one request to the server, without an SDK that would know only its own kinds of results. */
export type Request = (method: string, params: object) => Promise<RawResult>;

/** The server in this process, as an interactive Claude Code reaches it: every request declares tasks and forms. */
export async function connectWithTasks(actions: ActionContext, clientName: string): Promise<Request> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const loadActions = async () => actions;
  serveEras(
    far,
    (era) => buildServer({ version: '0.0.0', era, loadActions }),
    () => {},
  );
  const waiting = new Map<unknown, (message: { result?: RawResult; error?: object }) => void>();
  near.onmessage = (message: object) => waiting.get(Object(message).id)?.(message);
  await near.start();
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: clientName, version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {
      elicitation: { form: {}, url: {} },
      extensions: { [TASKS_EXTENSION]: {} },
    },
  };
  let lastId = 0;
  const request: Request = async (method, params) => {
    const id = ++lastId;
    const answer = new Promise<{ result?: RawResult; error?: object }>((resolve) => waiting.set(id, resolve));
    await near.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta } });
    const { result, error } = await answer;
    waiting.delete(id);
    if (result === undefined || result.isError)
      throw new Error(`${method}: ${JSON.stringify(error ?? result)}`);
    return result;
  };
  await request('server/discover', {});
  return request;
}
