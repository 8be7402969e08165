import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import * as z from 'zod';
import { SamocodeError } from '../base/errors.ts';
import { nodePath } from '../providers/node-path.ts';

export interface ParentOptions {
  /** The built server's file. */
  server: string;
  cwd: string;
  env: Record<string, string>;
}

const ToolError = z.looseObject({ code: z.string(), message: z.string(), hint: z.string().default('') });

/** A call may wait for the session; the protocol's own limit lies above the longest wait. */
const CALL_LIMIT_MS = 120_000;

/** A real MCP client in the place of a person's chat: it starts the server and knows nothing but its tools. */
export class Parent implements AsyncDisposable {
  readonly #client: Client;
  /** How often each tool was called. */
  readonly calls: Record<string, number> = {};

  private constructor(client: Client) {
    this.#client = client;
  }

  static async connect({ server, cwd, env }: ParentOptions): Promise<Parent> {
    const client = new Client({ name: 'samocode-demo', version: __VERSION__ });
    await client.connect(
      new StdioClientTransport({ command: await nodePath(env), args: [server], cwd, env, stderr: 'ignore' }),
    );
    return new Parent(client);
  }

  /** @throws ToolRefusedError with the tool's own words */
  async call<T>(
    tool: string,
    args: Record<string, unknown>,
    shape: z.ZodType<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    this.calls[tool] = (this.calls[tool] ?? 0) + 1;
    const result = await this.#client.callTool({ name: tool, arguments: args }, undefined, {
      timeout: CALL_LIMIT_MS,
      signal,
    });
    if (result.isError) throw new ToolRefusedError(tool, ToolError.parse(JSON.parse(textOf(result.content))));
    const shaped = shape.safeParse(result.structuredContent);
    if (shaped.success) return shaped.data;
    throw new StrangeResultError(tool, z.prettifyError(shaped.error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

function textOf(content: unknown): string {
  return z.array(z.looseObject({ text: z.string() })).parse(content)[0]?.text ?? '{}';
}

export class ToolRefusedError extends SamocodeError {
  readonly code: string;

  constructor(tool: string, { code, message, hint }: z.infer<typeof ToolError>) {
    super(`The tool ${tool} refused.`, message, hint);
    this.code = code;
  }
}

class StrangeResultError extends SamocodeError {
  readonly code = 'strange_result';

  constructor(tool: string, problem: string) {
    super(
      `The tool ${tool} gave a result of another shape.`,
      `${problem}.`,
      'Client and server belong to different builds: build again.',
    );
  }
}
