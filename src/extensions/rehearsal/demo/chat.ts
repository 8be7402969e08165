import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import * as z from 'zod';
import { errors } from '../../../core/kernel/errors.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { PHASE_NAMES } from '../../../core/kernel/phases/table.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';
import type { DemoPlace } from './demo-place.ts';

const text = z.string().default('');
const ToolError = z.looseObject({ code: text, message: text, hint: text });

export const DEMO_ERRORS = errors({
  demo_rested: ({ summary, reason = '' }: { summary: string; reason?: string }) => ({
    what: 'The demo did not finish.',
    why: `${summary} ${reason}`.trim(),
    hint: 'Read session.log in the folder that was kept.',
  }),
  /** `code` is the error code from the server. */
  tool_refused: ({ tool, message, hint }: { tool: string } & z.infer<typeof ToolError>) => ({
    what: `The tool ${tool} refused.`,
    why: message,
    hint,
  }),
});

const Question = z.looseObject({
  id: z.string(),
  text: z.string(),
  /** `A) its text`. */
  options: z.array(z.string()),
  /** `B - why`. */
  suggestion: text,
});
export type Question = z.infer<typeof Question>;

const Answer = z.looseObject({
  summary: text,
  session: text,
  state: text,
  for: text,
  branch: text,
  worktree: text,
  activity: text,
  sessions: text,
  plan: text,
  hash: text,
  text,
  cursor: z.string().default('0'),
  phase: z.enum(PHASE_NAMES).default('init'),
  iteration: z.number().default(0),
  says: z.record(z.string(), z.string()).default({}),
  questions: z.array(Question).default([]),
});

const Ended = z.looseObject({
  type: z.literal('iteration_ended'),
  phase: z.enum(PHASE_NAMES),
  lastAction: text,
});

/** Longer than the longest wait, because a call can wait for the session. */
const CALL_LIMIT_MS = 120_000;

/** A real MCP client in place of a person's chat: it starts the built server and uses only its tools. */
export class Chat implements AsyncDisposable {
  readonly #client = new Client({ name: 'samocode-demo', version: __VERSION__ });

  static async open(server: string, { repo: cwd, env }: DemoPlace): Promise<Chat> {
    const chat = new Chat();
    const command = { command: await nodePath(env), args: [server], cwd, env };
    await chat.#client.connect(new StdioClientTransport({ ...command, stderr: 'ignore' }));
    return chat;
  }

  async call(
    tool: string,
    args: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<z.infer<typeof Answer>> {
    const options = { timeout: CALL_LIMIT_MS, signal };
    const result = await this.#client.callTool({ name: tool, arguments: args }, options);
    if (!result.isError) return Answer.parse(result.structuredContent);
    const [content] = z.array(z.looseObject({ text })).parse(result.content);
    throw DEMO_ERRORS.tool_refused({ tool, ...ToolError.parse(JSON.parse(content?.text ?? '{}')) });
  }

  /** The ended iterations, oldest first. */
  async iterations(session: string): Promise<z.infer<typeof Ended>[]> {
    const uri = `samocode://sessions/${encodeURIComponent(session)}/events`;
    const { contents } = await this.#client.readResource({ uri });
    const lines = contents.flatMap((content) => ('text' in content ? content.text.split('\n') : []));
    return lines.flatMap((line) => Ended.safeParse(parseJson(line)).data ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
