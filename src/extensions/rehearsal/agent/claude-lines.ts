import type { Clock } from '../../../core/kernel/clock.ts';

export interface ToolOutcome {
  text: string;
  failed?: boolean;
}

const MODEL = 'rehearsal (no model)';

/** Prints the output of `claude --output-format stream-json` at a readable pace. */
export class ClaudeLines {
  readonly #pause: () => Promise<void>;
  readonly #uuid: string;
  #turns = 0;

  constructor(clock: Clock, paceMs: number, uuid: string) {
    this.#pause = () => clock.sleep(paceMs);
    this.#uuid = uuid;
  }

  print(line: object): void {
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }

  begin(cwd: string, version: string): void {
    const claude_code_version = `rehearsal ${version}`;
    const uses = { tools: ['Bash', 'Edit', 'Write'], mcp_servers: [], permissionMode: 'bypassPermissions' };
    const init = { type: 'system', subtype: 'init', cwd, session_id: this.#uuid, model: MODEL };
    this.print({ ...init, ...uses, claude_code_version });
  }

  async say(text: string): Promise<void> {
    this.#message('assistant', { type: 'text', text });
    await this.#pause();
  }

  /** A tool call: prints it, runs it, and prints its result. */
  async use(name: string, input: object, run: () => Promise<ToolOutcome>): Promise<void> {
    const id = `toolu_rehearsal_${this.#turns + 1}`;
    this.#message('assistant', { type: 'tool_use', id, name, input });
    const { text, failed = false } = await run();
    await this.#pause();
    this.#message('user', { type: 'tool_result', tool_use_id: id, content: text, is_error: failed });
  }

  /** The last line of a process that ended well. */
  finish(result: string): void {
    const cost = { total_cost_usd: 0, usage: { input_tokens: 0, output_tokens: 0 } };
    const end = { num_turns: this.#turns, result, terminal_reason: 'completed', session_id: this.#uuid };
    this.print({ type: 'result', subtype: 'success', is_error: false, ...end, ...cost });
  }

  #message(type: 'assistant' | 'user', content: object): void {
    if (type === 'assistant') this.#turns += 1;
    const author = type === 'assistant' && { id: `msg_rehearsal_${this.#turns}`, model: MODEL };
    const message = { ...author, role: type, content: [content] };
    this.print({ type, message, parent_tool_use_id: null, session_id: this.#uuid });
  }
}
