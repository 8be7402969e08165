import type { UsageWindow } from '../../kernel/phases/usage-windows.ts';

export interface TokenCounts {
  input: number;
  output: number;
  cached: number;
}

/** The CLI's final message; absent while it runs and if it died without one. */
export interface FinalReport {
  ok: boolean;
  /** Only if `ok` is false and the output names it. */
  problem?: ChildProblem;
  /** One line for people, from the CLI's structured fields, at most 300 characters. */
  text?: string;
  turns?: number;
  costUsd?: number;
  tokens?: TokenCounts;
  deniedTools?: readonly string[];
  /** The entire last message, if the command requested the signal there; used without a `_signal.json`. */
  signalText?: string;
}

export type ChildProblem =
  | {
      kind: 'crashed' | 'overloaded' | 'network' | 'auth' | 'config' | 'budget' | 'refused';
      advice?: string;
    }
  /** `until`: milliseconds since the epoch; absent if unknown. */
  | { kind: 'usage_limit'; until?: number };

/** The facts that a CLI prints about itself before it works. */
export interface PrintedFacts {
  version?: string;
  model?: string;
  cliSession?: string;
  cwd?: string;
  /** The mode in which it decides about tool calls. */
  mode?: string;
  /** All tools that it offers to the model, those of servers as `mcp__<server>__<tool>`. */
  tools?: readonly string[];
}

/** Absent `seenAt`: when the line was printed. */
export type WindowUsed = Pick<UsageWindow, 'window' | 'used' | 'endsAt'> & { seenAt?: number };

export interface ToolCall {
  kind: 'called';
  /** By which calls are counted. */
  tool: string;
  /** As people read it, if that is another name. */
  title?: string;
  /** A command, a path, a question. */
  about: string;
  isPath?: boolean;
  /** The file that it might change; `isNew`: that it makes. */
  path?: string;
  isNew?: boolean;
  /** An earlier line has begun it. */
  again?: boolean;
  isOfSubagent?: boolean;
}

export interface ToolOutput {
  text: string;
  failed?: boolean;
  isOfSubagent?: boolean;
}

/** What a line of an agent's output says, in one form for all CLIs. */
export type AgentEvent =
  | ({ kind: 'started' } & PrintedFacts)
  | {
      kind: 'said';
      text: string;
      /** Follows the text before it without a break. */
      continues?: boolean;
      /** No news of what it does: more of a text that an earlier line has begun. */
      isMore?: boolean;
      /** Other calls may be open beside it. */
      isOfSubagent?: boolean;
    }
  | ToolCall
  /** Calls that have ended; `failed`: how many of them did, or were denied. `outputs` can be long, and is for people. */
  | { kind: 'returned'; count: number; failed?: number; outputs?(): readonly ToolOutput[] }
  /** Said by the CLI itself. `now`: what it does; absent if this is no news of that. */
  | {
      kind: 'noted';
      text: string;
      now?: string;
      /** It only retries network requests, and would do so forever. */
      isOffline?: boolean;
    }
  | { kind: 'denied'; why: string }
  | { kind: 'limit'; until?: number }
  | { kind: 'windows'; windows: readonly WindowUsed[] }
  /** The plan is used up until then, and the account pays for what follows. */
  | { kind: 'overage'; until?: number }
  /** Usage of a model answer or an increment of it, or the total cost so far. A final report replaces them. */
  | { kind: 'spent'; tokens: TokenCounts }
  | { kind: 'spent'; usdSoFar: number }
  /** Can occur more than once per process: the last one counts, with the largest spending of all. */
  | { kind: 'final'; report: FinalReport };
