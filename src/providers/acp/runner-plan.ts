import type { McpServer, StopReason } from '@agentclientprotocol/sdk';

/** What the runner does for one iteration: a file next to the prompt. Regular expressions are written as their sources. */
export interface RunnerPlan {
  command: readonly [string, ...string[]];
  cwd: string;
  /** Blank until the agent writes it. */
  signalPath: string;
  /** Empty: the agent's own default. */
  model: string;
  /** The command already names the model, in case the protocol offers no choice. */
  modelIsPassed?: boolean;
  /** A default of the agent that nobody has chosen, and that would send code to a stranger. */
  refusedDefault?: string;
  servers: McpServer[];
  rules: 'all' | PermissionRules;
  /** Lines on stderr by which the agent says that it retries; the first group is why. */
  retryLine?: string;
  /** How long the agent may take for an answer before its prompt, and may do nothing but retry. */
  answerMs: number;
  retryMs: number;
}

export interface PermissionRules {
  /** What the agent may write. */
  folders: readonly string[];
  /** Commands that it may run, or each part of one; absent: all. */
  commands?: string;
}

/** How the conversation ended. */
export type RunnerEnd =
  | { kind: 'stopped'; reason: StopReason; worked: boolean }
  | { kind: 'error'; at: string; code: number; message: string }
  /** It exited, or closed its output. */
  | { kind: 'gone'; at: string; code: number | null }
  | { kind: 'not_started'; message: string }
  | { kind: 'silent'; at: string }
  | { kind: 'version'; version: unknown }
  | { kind: 'model'; model: string; models: readonly string[]; isDefault: boolean }
  | { kind: 'retrying'; why: string }
  | { kind: 'asking'; count: number };

/** The runner's own lines among those of the agent, whose lines never begin like them. */
export type RunnerLine =
  | { samocode: 'started'; model?: string | undefined; version?: string | undefined }
  | { samocode: 'refused'; what: string }
  /** A line of the agent that was too long. */
  | { samocode: 'cut'; bytes: number }
  | { samocode: 'left_out'; servers: readonly string[] }
  | { samocode: 'again'; why: 'refused' | 'signal' }
  /** `words`: the last that the agent wrote outside of the protocol. */
  | { samocode: 'end'; end: RunnerEnd; words?: string };

export const OWN_LINE = '{"samocode":';

/** The next prompt for an agent that ended its turn too early. */
export function nextPrompt(signalPath: string, refused: readonly string[]): string {
  return refused.length > 0
    ? `This was refused: ${refused.join('; ')}. Do not try it again. Go on with what you may do, and write ${signalPath} as your last act.`
    : `You ended without writing ${signalPath}. Write it now, as your instructions say, and then end.`;
}
