import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import * as z from 'zod';
import { parseJson } from '../base/parse-json.ts';
import { PHASE_NAMES } from '../phases/table.ts';
import { nodePath } from '../providers/starting/node-path.ts';
import { DEMO_ERRORS } from './demo-errors.ts';

const text = z.string().default('');
const ToolError = z.looseObject({ code: z.string(), message: z.string(), hint: text });

const Question = z.looseObject({
  id: z.string(),
  text: z.string(),
  /** `A) its text`. */
  options: z.array(z.string()),
  /** `B - why`. */
  suggestion: text,
});
export type Question = z.infer<typeof Question>;

/** What the demo reads of any tool's result. */
const Answer = z.looseObject({
  ...{ summary: text, session: text, state: text, for: text, branch: text, worktree: text, activity: text },
  ...{ sessions: text, plan: text, hash: text, text },
  cursor: z.number().default(0),
  phase: z.enum(PHASE_NAMES).default('init'),
  iteration: z.number().default(0),
  says: z.record(z.string(), z.string()).default({}),
  questions: z.array(Question).default([]),
});
export type Answer = z.infer<typeof Answer>;

const Iteration = z.looseObject({
  type: z.enum(['iteration_started', 'iteration_ended']),
  iteration: z.number(),
  phase: z.enum(PHASE_NAMES),
  /** Known once it has ended. */
  lastAction: text,
});
type Iteration = z.infer<typeof Iteration>;

/** A call may wait for the session; the protocol's own limit is above the longest wait. */
const CALL_LIMIT_MS = 120_000;

/** A real MCP client in the place of a person's chat: it starts the built server and knows nothing but its tools. */
export class Chat implements AsyncDisposable {
  readonly #client = new Client({ name: 'samocode-demo', version: __VERSION__ });

  static async open(server: string, cwd: string, env: Record<string, string>): Promise<Chat> {
    const chat = new Chat();
    const command = { command: await nodePath(env), args: [server], cwd, env };
    await chat.#client.connect(new StdioClientTransport({ ...command, stderr: 'ignore' }));
    return chat;
  }

  /** @throws tool_refused with the tool's own words */
  async call(tool: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<Answer> {
    const options = { timeout: CALL_LIMIT_MS, signal };
    const result = await this.#client.callTool({ name: tool, arguments: args }, undefined, options);
    if (!result.isError) return Answer.parse(result.structuredContent);
    const [content] = z.array(z.looseObject({ text })).parse(result.content);
    const refused = ToolError.parse(JSON.parse(content?.text ?? '{}'));
    throw DEMO_ERRORS.tool_refused({ tool, ...refused });
  }

  /** Each iteration so far, by its number. */
  async iterations(session: string): Promise<Map<number, Pick<Iteration, 'phase' | 'lastAction'>>> {
    const uri = `samocode://sessions/${encodeURIComponent(session)}/events`;
    const { contents } = await this.#client.readResource({ uri });
    const lines = contents.flatMap((content) => ('text' in content ? content.text.split('\n') : []));
    const found = lines.flatMap((line) => Iteration.safeParse(parseJson(line)).data ?? []);
    return new Map(found.map((one) => [one.iteration, one]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
