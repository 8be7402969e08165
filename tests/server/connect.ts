import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  ListRootsRequestSchema,
  type Progress,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { builtPrograms } from '../support/built-programs.ts';

export interface ConnectOptions {
  env: Record<string, string>;
  cwd: string;
  clientName?: string;
  /** Folders that the client gives as its roots. */
  roots?: readonly string[];
}

export interface Called {
  isError: boolean;
  /** The JSON of the result's text. */
  json: Record<string, unknown>;
  structured: unknown;
}

export interface Connection extends AsyncDisposable {
  client: Client;
  pid: number;
  /** URIs of `resources/updated`, in the order in which they came. */
  updated: string[];
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Called>;
}

export interface CallOptions {
  signal?: AbortSignal;
  onprogress?: (progress: Progress) => void;
}

/** The SDK's own client over stdio, with the built server as its child. */
export async function connect({
  env,
  cwd,
  clientName = 'test-client',
  roots,
}: ConnectOptions): Promise<Connection> {
  const { server } = await builtPrograms();
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [server],
    env,
    cwd,
    stderr: 'inherit',
  });
  const capabilities = roots ? { roots: {} } : {};
  const client = new Client({ name: clientName, version: '1' }, { capabilities });
  const updated: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updated.push(params.uri);
  });
  if (roots) {
    client.setRequestHandler(ListRootsRequestSchema, () => ({
      roots: roots.map((path) => ({ uri: `file://${path}` })),
    }));
  }
  await client.connect(transport);
  return {
    client,
    pid: transport.pid ?? 0,
    updated,
    async call(name, args = {}, options = {}) {
      const result = await client.callTool({ name, arguments: args }, undefined, {
        timeout: 120_000,
        ...options,
      });
      const [first] = result.content as Array<{ text: string }>;
      return {
        isError: result.isError === true,
        json: JSON.parse(first?.text ?? 'null'),
        structured: result.structuredContent,
      };
    },
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}
