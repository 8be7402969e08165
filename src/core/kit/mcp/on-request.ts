import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Result, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { ActionContext } from '../../caller/context/context.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { nearestName } from '../../kernel/nearest-name.ts';
import { argumentProblems } from './argument-problems.ts';

type RequestSchema = z.ZodType<{ method: string }> & { shape: { method: z.ZodLiteral<string> } };

/**
 * Handles requests of one kind. Invalid ones are refused as invalid params with an explanation; the SDK would report
 * an internal error.
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

export function unknownName(kind: 'tool' | 'prompt', name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const hint = nearest ? `Did you mean ${nearest}?` : `The ${kind}s are: ${known.join(', ')}.`;
  return `There is no ${kind} "${name.slice(0, 80)}". ${hint}`;
}

/** The protocol's error for invalid params. */
export class InvalidParamsError extends Error {
  // Not McpError, which prefixes the message with a number, as every client does too.
  readonly code = -32602;
}

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** Creates the action context of a request; nothing is created earlier, so that the handshake does not wait for it. */
export type ContextFor = (extra: Extra) => Promise<ActionContext>;

/** Converts an expected error to invalid params; returns any other unchanged. */
export function paramsProblem(error: unknown): unknown {
  return isSamocodeError(error) ? new InvalidParamsError(error.message) : error;
}
