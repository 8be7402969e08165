import type { Result, Server, ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { isSamocodeError } from '../../kernel/errors.ts';
import { nearestName } from '../../kernel/nearest-name.ts';
import { argumentProblems } from './argument-problems.ts';

const ANYTHING = { params: z.looseObject({}) };

/**
 * Handles requests of one kind. Invalid ones are refused as invalid params with an explanation; the SDK would report
 * an internal error.
 */
export function onRequest<Params extends z.ZodObject>(
  server: Server,
  method: string,
  params: Params,
  answer: (params: z.output<Params>, context: ServerContext) => Result | Promise<Result>,
): void {
  server.setRequestHandler(method, ANYTHING, async (given, context) => {
    const parsed = params.safeParse(given);
    if (!parsed.success) {
      const problems = argumentProblems(parsed.error.issues, { schema: {}, args: given });
      throw new InvalidParamsError(`The request does not follow the protocol. ${problems}`);
    }
    return await answer(parsed.data, context);
  });
}

export function unknownName(kind: 'tool' | 'prompt', name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const hint = nearest ? `Did you mean ${nearest}?` : `The ${kind}s are: ${known.join(', ')}.`;
  return `There is no ${kind} "${name.slice(0, 80)}". ${hint}`;
}

export class InvalidParamsError extends Error {
  // Not the SDK's error, to which clients of SDK 1 add the number a second time.
  readonly code = -32602;
}

/** Converts an expected error to invalid params; returns any other unchanged. */
export function paramsProblem(error: unknown): unknown {
  return isSamocodeError(error) ? new InvalidParamsError(error.message) : error;
}
