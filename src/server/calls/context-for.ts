import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import type { ActionContext } from '../../actions/acting/context.ts';

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** What an action is given for one request; made at the first one, for the handshake must not wait for it. */
export type ContextFor = (extra: Extra) => Promise<ActionContext>;
