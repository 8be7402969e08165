import type { JSONRPCMessage, ProtocolEra, Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { describedExchange } from '../../core/kit/mcp/exchange.ts';
import type { BuiltServer } from './build-server.ts';
import { type Listens, newListens } from './resources/listens.ts';

/**
 * Serves either era of the protocol on one connection, as the client's first message chooses.
 * @param build called once, or a second time for a client that asked for the modern era and did not use it
 * @param lost called when the connection can no longer be read
 */
export function serveEras(
  transport: Transport,
  build: (era: ProtocolEra) => BuiltServer,
  lost: () => void,
): void {
  let modern: BuiltServer | undefined;
  const listens = newListens(
    async (params) => {
      if (modern === undefined) throw new Error('Only the modern era has such requests.');
      return await modern.contextFor(describedExchange(Object(params)._meta));
    },
    {
      resourceUpdated: (uri) => void modern?.server.sendResourceUpdated({ uri }).catch(() => undefined),
      resourcesChanged: () => void modern?.server.sendResourceListChanged().catch(() => undefined),
    },
  );
  const factory = ({ era }: { era: ProtocolEra }) => {
    const built = build(era);
    modern = era === 'modern' ? built : undefined;
    return built.server;
  };
  serveStdio(factory, { transport });
  const { onmessage, onclose } = transport;
  transport.onmessage = (message, extra) => {
    onmessage?.(message, extra);
    // By then the first message has chosen the era.
    setImmediate(() => modern && follow(message, listens));
  };
  transport.onclose = () => {
    listens.close();
    onclose?.();
    lost();
  };
}

function follow(message: JSONRPCMessage, listens: Listens): void {
  if (!('method' in message)) return;
  if (message.method === 'subscriptions/listen' && 'id' in message) listens.begin(message.id, message.params);
  if (message.method === 'notifications/cancelled') listens.end(message.params?.requestId);
}
