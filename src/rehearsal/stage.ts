import type { Clock } from '../base/clock.ts';

/** Where a rehearsal is watched: it prints what a CLI would print, at a pace that people can follow. */
export interface Stage {
  /** An assistant's sentence. */
  say(text: string): Promise<void>;
  /** A tool call: printed, done, and its outcome printed. */
  use<T>(name: string, input: Record<string, unknown>, act: () => Promise<ToolOutcome<T>>): Promise<T>;
  /** The last line of the process. */
  finish(text: string): void;
  /** Any line, for scenarios. */
  print(line: unknown): void;
}

export interface ToolOutcome<T> {
  value: T;
  /** What the tool printed. */
  text: string;
  failed?: boolean;
}

export interface StageOptions {
  write(text: string): void;
  clock: Clock;
  paceMs: number;
  childUuid: string;
  workingDir: string;
  version: string;
}

const MODEL = 'rehearsal (no model)';

/** Opens the stage with the `init` line. */
export function openStage({ write, clock, paceMs, childUuid, workingDir, version }: StageOptions): Stage {
  const startedAt = clock.monotonic();
  let turns = 0;
  let calls = 0;
  const print = (line: unknown) => write(`${JSON.stringify(line)}\n`);
  const message = (type: 'assistant' | 'user', content: unknown[]) =>
    print({
      type,
      message: {
        ...(type === 'assistant' && { id: `msg_rehearsal_${turns}`, model: MODEL }),
        role: type,
        content,
      },
      parent_tool_use_id: null,
      session_id: childUuid,
    });

  print({
    type: 'system',
    subtype: 'init',
    cwd: workingDir,
    session_id: childUuid,
    tools: ['Bash', 'Edit', 'Read', 'Write'],
    mcp_servers: [],
    model: MODEL,
    permissionMode: 'bypassPermissions',
    claude_code_version: `rehearsal ${version}`,
  });

  return {
    async say(text) {
      turns++;
      message('assistant', [{ type: 'text', text }]);
      await clock.sleep(paceMs);
    },
    async use(name, input, act) {
      turns++;
      const id = `toolu_rehearsal_${++calls}`;
      message('assistant', [{ type: 'tool_use', id, name, input }]);
      const { value, text, failed = false } = await act();
      await clock.sleep(paceMs);
      message('user', [{ type: 'tool_result', tool_use_id: id, content: text, is_error: failed }]);
      return value;
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
        session_id: childUuid,
        total_cost_usd: 0,
        usage: { input_tokens: 0, output_tokens: 0 },
        permission_denials: [],
      });
    },
    print,
  };
}
