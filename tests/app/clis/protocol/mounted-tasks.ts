import { appendFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { InMemoryTransport } from '@modelcontextprotocol/client';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { buildServer } from '../../../../src/app/server/build-server.ts';
import { serveEras } from '../../../../src/app/server/serve-eras.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { readLog } from '../../../../src/core/session/log/event-log.ts';
import { textOf } from '../../../support/event-samples.ts';
import { type WorkingSession, workingSessions } from '../../../support/working-sessions.ts';
import type { MountedServer } from './mounted-server.ts';

/** Enough for the calls of all scenarios. */
const SESSIONS = 24;
const DONE = { type: 'done', summary: 'Computed' };
const ASKS = {
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'implementation' },
  ...{ openQuestions: ['Q1'], unconfirmed: [] },
};
const QUESTION =
  '# Q&A\n\nStatus: waiting\n\n### Q1: Delete it?\n\nA) Yes\nB) No\n\n**Suggestion:** B\n**Answer:** _waiting_\n';
const TASK_TOOLS = ['slow_compute', 'failing_job', 'confirm_delete'];

interface SuiteCall {
  name?: string;
  arguments?: { seconds?: number };
}

interface Replaced {
  params: object | undefined;
  /** What happens to its session before and after it is answered. */
  before?: () => Promise<void>;
  after?: () => Promise<void>;
}

/**
 * The server of stdio, mounted on HTTP. A call of a tool of the suite that may become a task is a wait for a session of its
 * own, which does what that tool has to do; any other tool of the suite is `list_sessions`.
 */
export async function mountTasks(): Promise<MountedServer> {
  const working = await workingSessions(SESSIONS, 0, { gateChannels: ['elicitation'] });
  const { by: _, ...actions } = working.project.context;
  const free = [...working.sessions];
  const stop = new AbortController();

  function replaced({ name = '', arguments: args = {}, ...more }: SuiteCall): Replaced {
    if (!TASK_TOOLS.includes(name)) return { params: { ...more, name: 'list_sessions', arguments: {} } };
    const session = free.shift();
    if (session === undefined) throw new Error('No session is left.');
    const { seconds = 1 } = args;
    const params = { ...more, name: 'wait', arguments: { session: session.paths.folder, cursor: 1 } };
    const end = async () => await record(session, DONE);
    if (seconds === 0) return { params, before: end };
    return {
      params,
      after: async () => (name === 'confirm_delete' ? await ask(session) : void endIn(seconds, end)),
    };
  }

  async function endIn(seconds: number, end: () => Promise<void>): Promise<void> {
    await systemClock.sleep(seconds * 1000, stop.signal).then(end, () => undefined);
  }

  const [near, far] = InMemoryTransport.createLinkedPair();
  const loadActions = async () => actions;
  serveEras(
    far,
    (era) => buildServer({ version: '0.0.0-test', era, loadActions }),
    () => {},
  );
  const waiting = new Map<unknown, (answer: object) => void>();
  near.onmessage = (message: object) => waiting.get(Object(message).id)?.(message);
  await near.start();
  let last = 0;
  const http = createServer(async (request, response) => {
    const { id, method, params } = await bodyOf(request);
    last += 1;
    const sent = last;
    const answered = new Promise<object>((resolve) => waiting.set(sent, resolve));
    const call: Replaced = method === 'tools/call' ? replaced(Object(params)) : { params };
    await call.before?.();
    await near.send({ jsonrpc: '2.0', id: sent, method, params: call.params } as JSONRPCMessage);
    const answer = id === undefined ? undefined : { ...(await answered), id };
    await call.after?.();
    response.writeHead(answer ? 200 : 202, { 'content-type': 'application/json' });
    response.end(answer && JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      stop.abort();
      http.closeAllConnections();
      await new Promise<unknown>((resolve) => http.close(resolve));
      await near.close();
      await working[Symbol.asyncDispose]();
    },
  };
}

async function ask(session: WorkingSession): Promise<void> {
  await writeFile(session.paths.qa, QUESTION);
  await record(session, ASKS);
}

async function record({ paths }: WorkingSession, body: object): Promise<void> {
  const { n = 0 } = (await readLog(paths))?.state ?? {};
  const event = { v: 2, n: n + 1, at: new Date().toISOString(), lease: 1, ...body } as SessionEvent;
  await appendFile(paths.events, textOf([event]));
}

async function bodyOf(request: IncomingMessage): Promise<{ id?: unknown; method: string; params?: object }> {
  return Object(await json(request));
}
