import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CompleteRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { type ContextFor, InvalidParamsError, onRequest } from './calls/on-request.ts';
import { isSessionArgument } from './prompts/serve-prompts.ts';
import { isResourceKind, RESOURCE_KINDS, uriTemplate } from './resources/kinds.ts';

/** Completes the names of sessions, in addresses of resources and in prompts that are about one. */
export function serveCompletions(server: Server, contextFor: ContextFor): void {
  onRequest(server, CompleteRequestSchema, async ({ params: { ref, argument } }, extra) => {
    const isSession =
      ref.type === 'ref/resource'
        ? isSessionIn(ref.uri, argument.name)
        : await isSessionArgument(ref.name, argument.name);
    if (!isSession) return { completion: { values: [], total: 0, hasMore: false } };
    const { completeSession } = await import('../actions/reading/complete-session.ts');
    return { completion: await completeSession(argument.value, await contextFor(extra)) };
  });
}

function isSessionIn(uri: string, argument: string): boolean {
  const kind = uri.split('/').at(-1) ?? '';
  if (!isResourceKind(kind) || uri !== uriTemplate(kind)) {
    const known = Object.keys(RESOURCE_KINDS).join(', ');
    throw new InvalidParamsError(`Only ${uriTemplate('overview')} and the like can be completed: ${known}.`);
  }
  return argument === 'name';
}
