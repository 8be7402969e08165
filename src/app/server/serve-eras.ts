import { type ProtocolEra, SUBSCRIPTION_ID_META_KEY, type Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { noExchange } from '../../core/faces/mcp/exchange.ts';
import type { BuiltServer } from './build-server.ts';
import { messageGate } from './message-gate.ts';
import { type Listens, MAX_LISTENS, newListens } from './resources/listens.ts';

/**
 * Serves either era of the protocol on one connection, as the client's first message chooses.
 * @param build called once, or a second time for a client that asked for the modern era and did not use it
 * @param lost called when the connection can no longer be read
 * @param load what everything but a handshake waits for
 */
export function serveEras(
  transport: Transport,
  build: (era: ProtocolEra) => BuiltServer,
  lost: () => void,
  load?: () => Promise<void>,
): void {
  let built: BuiltServer | undefined;
  const contextOf = async () => {
    if (built === undefined) throw new Error('The connection has no server.');
    return await built.contextFor(noExchange());
  };
  const listens = newListens(contextOf, {
    resourceUpdated: (uri) => void built?.server.sendResourceUpdated({ uri }).catch(() => undefined),
    resourcesChanged: () => void built?.server.sendResourceListChanged().catch(() => undefined),
  });
  beginAtAcknowledgement(transport, listens);
  const factory = ({ era }: { era: ProtocolEra }) => {
    built = build(era);
    return built.server;
  };
  serveStdio(factory, { transport, maxSubscriptions: MAX_LISTENS });
  const { onmessage, onclose } = transport;
  const deliver: typeof onmessage = (message, extra) => {
    if ('method' in message && message.method === 'notifications/cancelled')
      listens.end(message.params?.requestId);
    onmessage?.(message, extra);
  };
  transport.onmessage = load ? messageGate(deliver, load) : deliver;
  transport.onclose = () => {
    listens.close();
    onclose?.();
    lost();
  };
}

/** The SDK sends an acknowledgement for each request to listen that it accepts. */
function beginAtAcknowledgement(transport: Transport, listens: Listens): void {
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    if ('method' in message && message.method === 'notifications/subscriptions/acknowledged') {
      const { [SUBSCRIPTION_ID_META_KEY]: id } = Object(message.params?._meta);
      await listens.begin(id, message.params);
    }
    await send(message, options);
  };
}
