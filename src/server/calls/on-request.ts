import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Result } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
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
    if (!parsed.success) throw new InvalidParamsError(problemsIn(parsed.error));
    return await answer(parsed.data, extra);
  });
}

function problemsIn({ issues }: z.ZodError): string {
  const words = issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}.`);
  return `The request does not follow the protocol. ${words.join(' ')}`;
}
