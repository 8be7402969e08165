import type { Readable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ErrorCode, type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Line, newLineSplitter } from './line-splitter.ts';

/** A message may hold a megabyte of text; beyond this the client has lost its mind. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Where our lines go. */
export interface Wire {
  /** @returns false when `drained` should be awaited before more is written */
  write(text: string): boolean;
  drained(): Promise<void>;
}

/**
 * JSON-RPC by lines. The SDK's own transport goes deaf for good after one message that is too large; this
 * one refuses it and goes on, as with every line that makes no sense.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  readonly #input: Readable;
  readonly #wire: Wire;
  readonly #maxBytes: number;
  /** What all messages wait for that were written to a slow client. */
  #draining: Promise<void> | undefined;

  constructor(input: Readable, wire: Wire, maxBytes = MAX_MESSAGE_BYTES) {
    this.#input = input;
    this.#wire = wire;
    this.#maxBytes = maxBytes;
  }

  async start(): Promise<void> {
    const split = newLineSplitter(this.#maxBytes);
    this.#input.on('data', (chunk: Buffer) => {
      for (const line of split(chunk)) this.#receive(line);
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#wire.write(`${JSON.stringify(message)}\n`)) return;
    this.#draining ??= this.#wire.drained().finally(() => {
      this.#draining = undefined;
    });
    await this.#draining;
  }

  async close(): Promise<void> {
    this.onclose?.();
  }

  #receive(line: Line): void {
    try {
      if (line.kind === 'oversized')
        this.#refuse(idAround(line), `A message has ${this.#maxBytes} bytes at most.`);
      else if (line.text.trim() !== '') this.#read(line.text);
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #read(text: string): void {
    const json: unknown = JSON.parse(text);
    const parsed = JSONRPCMessageSchema.safeParse(json);
    if (parsed.success) this.onmessage?.(parsed.data);
    else this.#refuse(idOfRequest(json), 'This is no request of JSON-RPC 2.0.');
  }

  // Whoever waits for an answer gets one; to the rest there is nothing to say.
  #refuse(id: string | number | undefined, message: string): void {
    if (id === undefined) return;
    void this.send({ jsonrpc: '2.0', id, error: { code: ErrorCode.InvalidRequest, message } });
  }
}

function idOfRequest(json: unknown): string | number | undefined {
  if (typeof json !== 'object' || json === null || !('id' in json) || !('method' in json)) return undefined;
  return typeof json.id === 'string' || typeof json.id === 'number' ? json.id : undefined;
}

/** The id of a message of which only the beginning and the end are known; it stands at one of them. */
function idAround({ head, tail }: { head: string; tail: string }): string | number | undefined {
  const before = /^\s*\{(?:[^{}[\]]*,)?\s*"id"\s*:\s*("[^"\\]{1,200}"|-?\d{1,15})\s*,/.exec(head);
  const behind = /[}\]",\d]\s*,\s*"id"\s*:\s*("[^"\\]{1,200}"|-?\d{1,15})\s*\}\s*$/.exec(tail);
  const id = (before ?? behind)?.[1];
  return id === undefined ? undefined : JSON.parse(id);
}
