import { type ProtocolEra, Server } from '@modelcontextprotocol/server';
import { TASKS_EXTENSION } from '../../core/faces/mcp/chat-tasks.ts';
import type { PromptChoice } from './prompts/prompts.ts';
import { INSTRUCTIONS, READ_ONLY_INSTRUCTIONS, serverInfo } from './server-info.ts';

/** How a server presents itself. */
export interface ServerOffer {
  version: string;
  /** By default the one in which a connection begins with `initialize`. */
  era?: ProtocolEra;
  /** Offers only the read-only tools. */
  isReadOnly?: boolean;
  /** By default those about sessions. */
  prompts?: PromptChoice;
  /** Whether this build has them. */
  hasTasks: boolean;
}

/** What answers a handshake; `serveRequests` adds the rest. */
export function newServer(offer: ServerOffer): Server {
  const { version, era = 'legacy', isReadOnly = false, prompts = 'sessions' } = offer;
  return new Server(serverInfo(version, era), {
    capabilities: {
      tools: {},
      resources: { subscribe: true, listChanged: true },
      ...(prompts !== 'none' && { prompts: {} }),
      completions: {},
      ...(offersTasks(offer) && { extensions: { [TASKS_EXTENSION]: {} } }),
    },
    instructions: isReadOnly ? READ_ONLY_INSTRUCTIONS : INSTRUCTIONS,
    // Form results are validated where they are read; the default validator takes a third of the startup time.
    jsonSchemaValidator: { getValidator: () => () => NO_VALIDATION },
  });
}

/** A server that only reads answers no form. */
export function offersTasks({ era, isReadOnly = false, hasTasks }: ServerOffer): boolean {
  return hasTasks && era === 'modern' && !isReadOnly;
}

const NO_VALIDATION = {
  valid: false as const,
  data: undefined,
  errorMessage: 'Forms are not checked by the SDK.',
};
