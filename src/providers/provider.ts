import type { Phase } from '../phases/table.ts';

/** What the worker knows when it is about to start a child. */
export interface ChildRequest {
  /** Absolute path of the CLI. */
  cliPath: string;
  prompt: string;
  /** The same prompt as a file, for CLIs that read it from stdin. */
  promptPath: string;
  phase: Phase;
  /** The session's running number of this child, from 1. */
  iteration: number;
  sessionDir: string;
  /** The child's working directory: the worktree, or MAIN_REPO before there is one. */
  workingDir: string;
  mainRepo: string;
  /** Empty: the CLI's own default. */
  model: string;
  maxTurns: number;
  permissions: 'skip' | 'allow';
  /** The MCP file whose servers the child gets, by its absolute path, and their names; absent: none at all. */
  mcp?: { configPath: string; serverNames: readonly string[] };
  /** Fresh for every child. */
  childUuid: string;
  /** The environment to start from: ours, scrubbed of the parent client's variables and our secrets. */
  env: Readonly<Record<string, string>>;
  /** Absolute path of a scenario for the rehearsal child, frozen with the session. */
  scenarioPath?: string;
}

/** One program to start, without a shell. */
export interface ChildCommand {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Path of the file that becomes stdin; absent: /dev/null. */
  stdinPath?: string;
}

export interface TokenCounts {
  input: number;
  output: number;
  cached: number;
}

/** What the CLI's last word says; absent while it runs and when it died without one. */
export interface FinalReport {
  ok: boolean;
  /** Why it failed, in the worker's terms; only when `ok` is false and the output names it. */
  problem?: ChildProblem;
  /** One line for people, from the CLI's own structured fields, at most 300 characters. */
  text?: string;
  turns?: number;
  costUsd?: number;
  tokens?: TokenCounts;
  deniedTools?: readonly string[];
}

export type ChildProblem =
  | {
      kind: 'crashed' | 'overloaded' | 'network' | 'auth' | 'config' | 'budget' | 'refused';
      /** What the person can do about it, in our words. */
      advice?: string;
    }
  /** `until`: milliseconds since the epoch; absent when the provider does not say. */
  | { kind: 'usage_limit'; until?: number };

/** One line of the child's output, as far as the worker cares. */
export type ChildEvent =
  | { kind: 'started'; version?: string; model?: string; cliSession?: string }
  /** What the child is doing now, one short line. */
  | { kind: 'activity'; text: string }
  | { kind: 'limit'; until?: number }
  /** May come more than once in a process: the last one counts. */
  | { kind: 'final'; report: FinalReport };

export interface ExitReport {
  /** The wrapper's record of the CLI's exit status; null when there is none. */
  exitCode: number | null;
  /** True when the worker itself had ended the tree. */
  endedByUs: boolean;
  /** The last few KB of stderr. */
  stderrTail: string;
}

/** One agent CLI: how to start it, read it and tell how it ended. Mostly data. */
export interface Provider {
  name: string;
  /** Program looked up on PATH when no path is configured. */
  defaultCommand: string;
  buildCommand(request: ChildRequest): ChildCommand;
  /** A reader of one process's stdout, fed line by line; unknown lines give nothing and never throw. */
  newReader(): { readLine(line: string): ChildEvent[] };
  /** Why the process ended when it left no valid signal; undefined: it simply finished. */
  classifyEnd(final: FinalReport | undefined, exit: ExitReport): ChildProblem | undefined;
}
