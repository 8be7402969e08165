import type { ActionContext } from '../caller/context/context.ts';

/** A client on another machine, identified by its token. */
export interface RemoteClient {
  name: string;
  hash: string;
  isReadOnly: boolean;
}

export interface HttpSessions {
  /** @param client whose token the request carries */
  answer(request: Request, client: RemoteClient): Promise<Response>;
  /** The time of a session's last use, in monotonic milliseconds; infinite while a client is connected. */
  usedAt(): number;
}

/** @param isValid whether a client's token is still valid @param end when it stops serving */
type ServeMcp = (
  isValid: (client: RemoteClient) => boolean,
  context: ActionContext,
  end: AbortSignal,
) => Promise<HttpSessions>;

declare module '../kernel/extension.ts' {
  interface Extension {
    /** Lets the program that serves a port also serve MCP there. */
    serveMcp?: ServeMcp;
  }
}
