import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  type ClientCapabilities,
  type Progress,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { builtPrograms } from './built-programs.ts';

export interface ConnectOptions {
  env: Record<string, string>;
  cwd: string;
  /** The server to start; by default the one built for the tests. */
  command?: { command: string; args?: string[] };
  clientName?: string;
  /** What the client announces. */
  capabilities?: ClientCapabilities;
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
  /** URIs of `resources/updated`, in the order of arrival. */
  updated: string[];
  call(
    name: string,
    args?: Record<string, unknown>,
    options?: { onprogress?: (progress: Progress) => void },
  ): Promise<Called>;
  /** Only the structured content. @throws ToolError if the tool reports a failure */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every tool
  ask(name: string, args?: Record<string, unknown>): Promise<any>;
}

const BOUND_MS = 600_000;

/** The SDK's own client over stdio, with the built server as its child process. */
export async function connect({
  env,
  cwd,
  command,
  clientName = 'test-client',
  capabilities = {},
}: ConnectOptions): Promise<Connection> {
  const program = command ?? { command: process.execPath, args: [(await builtPrograms()).server] };
  const transport = new StdioClientTransport({ ...program, env, cwd, stderr: 'inherit' });
  const client = new Client({ name: clientName, version: '1' }, { capabilities });
  const updated: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updated.push(params.uri);
  });
  await client.connect(transport);
  const call: Connection['call'] = async (name, args = {}, options = {}) => {
    const bound = { timeout: BOUND_MS, ...options };
    const result = await client.callTool({ name, arguments: args }, undefined, bound);
    const [first] = result.content as Array<{ text: string }>;
    return {
      isError: result.isError === true,
      json: JSON.parse(first?.text ?? 'null'),
      structured: result.structuredContent,
    };
  };
  return {
    client,
    pid: transport.pid ?? 0,
    updated,
    call,
    async ask(name, args) {
      const { isError, json, structured } = await call(name, args);
      if (isError) throw new ToolError(json);
      return structured;
    },
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

class ToolError extends Error {
  readonly code: unknown;
  readonly hint: unknown;

  constructor({ code, message, hint }: Record<string, unknown>) {
    super(String(message));
    this.code = code;
    this.hint = hint;
  }
}
