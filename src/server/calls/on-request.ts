import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Result, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { ActionContext } from '../../actions/acting/context.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { argumentProblems } from './argument-problems.ts';

type RequestSchema = z.ZodType<{ method: string }> & { shape: { method: z.ZodLiteral<string> } };

/**
 * Answers the requests of one kind. What does not fit is refused as wrong arguments, in words; left alone, the SDK
 * would call it a fault of ours.
 */
export function onRequest<Schema extends RequestSchema>(
  server: Server,
  schema: Schema,
  answer: (request: z.output<Schema>, extra: Extra) => Result | Promise<Result>,
): void {
  const anything = z.looseObject({ method: schema.shape.method });
  server.setRequestHandler(anything, async (request, extra) => {
    const parsed = schema.safeParse(request);
    if (!parsed.success) {
      const problems = argumentProblems(parsed.error.issues, { schema: {}, args: request });
      throw new InvalidParamsError(`The request does not follow the protocol. ${problems}`);
    }
    return await answer(parsed.data, extra);
  });
}

/** That there is nothing of this name, and which name is meant, or all that there are. */
export function unknownName(kind: 'tool' | 'prompt', name: string, known: readonly string[]): string {
  const meant = nearestName(name, known);
  const hint = meant ? `Did you mean ${meant}?` : `The ${kind}s are: ${known.join(', ')}.`;
  return `There is no ${kind} "${name.slice(0, 80)}". ${hint}`;
}

/** Refuses a request with the protocol's word for wrong arguments; the text is for whoever must fix them. */
export class InvalidParamsError extends Error {
  // Not McpError: it puts a number before the message, and so does every client.
  readonly code = -32602;
}

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** What an action is given for one request; made at the first one, for the handshake must not wait for it. */
export type ContextFor = (extra: Extra) => Promise<ActionContext>;

/** A refusal of ours as the protocol has it; anything else as it is. */
export function paramsProblem(error: unknown): unknown {
  return isSamocodeError(error) ? new InvalidParamsError(error.message) : error;
}
