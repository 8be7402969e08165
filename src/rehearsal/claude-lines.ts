import type { Clock } from '../base/clock.ts';

/** Prints what `claude --output-format stream-json` would print, at a pace that people can follow. */
export interface ClaudeLines {
  /** An assistant's sentence. */
  say(text: string): Promise<void>;
  /** A tool call: printed, done, and what it returned printed. */
  use(name: string, input: Record<string, unknown>, run: () => Promise<ToolOutcome>): Promise<void>;
  /** The last line of a process that ended well. */
  finish(text: string): void;
  print(line: unknown): void;
}

export interface ToolOutcome {
  text: string;
  failed?: boolean;
}

export interface LineOptions {
  write(text: string): void;
  clock: Clock;
  paceMs: number;
  uuid: string;
  workingDir: string;
  version: string;
}

const MODEL = 'rehearsal (no model)';

/** Begins with the `init` line. */
export function openLines({ write, clock, paceMs, uuid, workingDir, version }: LineOptions): ClaudeLines {
  const startedAt = clock.monotonic();
  let turns = 0;
  const print = (line: unknown) => write(`${JSON.stringify(line)}\n`);
  const message = (type: 'assistant' | 'user', content: object) =>
    print({
      type,
      message: {
        ...(type === 'assistant' && { id: `msg_rehearsal_${turns}`, model: MODEL }),
        role: type,
        content: [content],
      },
      parent_tool_use_id: null,
      session_id: uuid,
    });

  print({
    type: 'system',
    subtype: 'init',
    cwd: workingDir,
    session_id: uuid,
    tools: ['Bash', 'Edit', 'Write'],
    mcp_servers: [],
    model: MODEL,
    permissionMode: 'bypassPermissions',
    claude_code_version: `rehearsal ${version}`,
  });

  return {
    async say(text) {
      turns++;
      message('assistant', { type: 'text', text });
      await clock.sleep(paceMs);
    },
    async use(name, input, run) {
      const id = `toolu_rehearsal_${++turns}`;
      message('assistant', { type: 'tool_use', id, name, input });
      const { text, failed = false } = await run();
      await clock.sleep(paceMs);
      message('user', { type: 'tool_result', tool_use_id: id, content: text, is_error: failed });
    },
    finish(text) {
      print({
        type: 'result',
        subtype: 'success',
        is_error: false,
        duration_ms: Math.round(clock.monotonic() - startedAt),
        num_turns: turns,
        result: text,
        terminal_reason: 'completed',
        session_id: uuid,
        total_cost_usd: 0,
        usage: { input_tokens: 0, output_tokens: 0 },
        permission_denials: [],
      });
    },
    print,
  };
}
