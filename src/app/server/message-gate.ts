import type { JSONRPCMessage, MessageExtraInfo } from '@modelcontextprotocol/server';

type Deliver = (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;

/** The requests with which a connection begins. */
const HANDSHAKES: ReadonlySet<string> = new Set(['initialize', 'server/discover']);

/**
 * Delivers a handshake at once, and everything else in its order once what answers it is loaded. Loading begins right
 * after the handshake, while the client reads the answer.
 */
export function messageGate(deliver: Deliver, load: () => Promise<void>): Deliver {
  let isOpen = false;
  let opening: Promise<void> | undefined;
  const open = () => {
    opening ??= load().then(() => {
      isOpen = true;
    });
    return opening;
  };
  return (message, extra) => {
    if (isOpen) deliver(message, extra);
    else if ('method' in message && HANDSHAKES.has(message.method) && opening === undefined) {
      deliver(message, extra);
      // The answer is written before.
      setImmediate(() => void open());
    } else void open().then(() => deliver(message, extra));
  };
}
