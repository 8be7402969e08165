import { ProtocolError, type Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { type ChatTasks, declaresTasks, TASKS_EXTENSION } from '../../core/faces/mcp/chat-tasks.ts';
import { type ContextFor, exchangeOf } from '../../core/faces/mcp/exchange.ts';
import { onRequest } from '../../core/faces/mcp/on-request.ts';
import { reachedBy } from './serve-tools.ts';

const OfTask = z.object({ taskId: z.string() });

/** The protocol's error for a request that needs a capability which the client does not declare. */
const CAPABILITY_MISSING = -32_021;

/** Answers the requests about tasks: `tasks/get`, `tasks/update` and `tasks/cancel`. */
export function serveTasks(server: Server, contextFor: ContextFor, tasks: () => Promise<ChatTasks>): void {
  const contextOf = async (context: Parameters<typeof exchangeOf>[1]) => {
    const exchange = exchangeOf(server, context);
    if (!declaresTasks(exchange.client)) throw missing();
    return await reachedBy(exchange, contextFor);
  };
  onRequest(server, 'tasks/get', OfTask, async ({ taskId }, context) =>
    (await tasks()).get(taskId, await contextOf(context)),
  );
  // The SDK takes the responses off the params, as those of a call that is sent again.
  onRequest(server, 'tasks/update', OfTask, async ({ taskId }, context) =>
    (await tasks()).update(taskId, context.mcpReq.inputResponses ?? {}, await contextOf(context)),
  );
  onRequest(server, 'tasks/cancel', OfTask, async ({ taskId }, context) =>
    (await tasks()).cancel(taskId, await contextOf(context)),
  );
}

function missing(): ProtocolError {
  const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
  const message = `This request has to declare ${TASKS_EXTENSION} among its capabilities.`;
  return new ProtocolError(CAPABILITY_MISSING, message, { requiredCapabilities });
}
