import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Result } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { argumentProblems } from './argument-problems.ts';
import type { Extra } from './context-for.ts';
import { InvalidParamsError } from './invalid-params.ts';

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
