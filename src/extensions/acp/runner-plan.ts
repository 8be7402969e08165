import type { McpServer, StopReason } from '@agentclientprotocol/sdk';

/** The runner's work for one iteration, in a file next to the prompt. Regular expressions are strings. */
export interface RunnerPlan {
  command: readonly [string, ...string[]];
  cwd: string;
  /** Blank until the agent writes it. */
  signalPath: string;
  /** Empty: the agent's own default. */
  model: string;
  /** The command already names the model, in case the protocol offers no choice. */
  modelIsPassed?: boolean;
  /** A default model of the agent that the user did not choose and that would send code to a third party. */
  refusedDefault?: string;
  servers: McpServer[];
  rules: 'all' | PermissionRules;
  /** Matches the agent's stderr lines that report a retry; the first group is the reason. */
  retryLine?: string;
  /** How long the agent may take to answer before the first prompt, and may do nothing but retry. */
  answerMs: number;
  retryMs: number;
}

export interface PermissionRules {
  /** The folders in which the agent may write. */
  folders: readonly string[];
  /** Matches each part of a command that it may run; absent: it may run all commands. */
  commands?: string;
}

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

/** The runner's own lines; the agent's lines never begin like this. */
export type RunnerLine =
  | { samocode: 'started'; model?: string; version?: string }
  | { samocode: 'refused'; what: string }
  /** The agent printed a line that was too long. */
  | { samocode: 'cut'; bytes: number }
  | { samocode: 'left_out'; servers: readonly string[] }
  | { samocode: 'again'; why: 'refused' | 'signal' }
  /** `words`: the agent's last output outside the protocol. */
  | { samocode: 'end'; end: RunnerEnd; words?: string };

export const OWN_LINE = '{"samocode":';

/** The next prompt for an agent that ended its turn too early. */
export function nextPrompt(signalPath: string, refused: readonly string[]): string {
  return refused.length > 0
    ? `This was refused: ${refused.join('; ')}. Do not try it again. Go on with what you may do, and write ${signalPath} as your last act.`
    : `You ended without writing ${signalPath}. Write it now, as your instructions say, and then end.`;
}
