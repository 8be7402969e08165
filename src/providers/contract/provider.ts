import type { Phase } from '../../phases/table.ts';
import type { McpServers } from './mcp-file.ts';
import type { TranscriptEntry } from './transcript.ts';

/** A first start downloads what an accepted server needs; the CLIs' own limits are 10 and 30 seconds. */
export const ACCEPTED_STARTS_WITHIN_MS = 120_000;

export interface ChildServers {
  /** The MCP file of the project, by its absolute path. */
  configPath?: string;
  /** Those that it does not have: they were accepted with the plan. */
  accepted?: McpServers;
  /** All of them. */
  serverNames: readonly string[];
  servers: McpServers;
}

/** What the worker knows when it is about to start a child. */
export interface ChildRequest {
  cliPath: string;
  promptPath: string;
  phase: Phase;
  sessionDir: string;
  /** The child's working directory: the worktree, or MAIN_REPO before there is one. */
  workingDir: string;
  mainRepo: string;
  /** Empty: the CLI's own default. */
  model: string;
  /** Values of the settings that single CLIs have, by key. */
  own: Readonly<Record<string, number>>;
  permissions: 'skip' | 'allow';
  /** Absent: none at all. */
  mcp?: ChildServers;
  childUuid: string;
  /** A real Node, for programs of ours. */
  nodePath: string;
  /** The environment to start from: ours, scrubbed of the parent client's variables and our secrets. */
  env: Readonly<Record<string, string>>;
  /** US dollars after which the child must end, for a CLI that can see to it itself. */
  budgetUsd?: number;
  /** Absolute path of a scenario for the rehearsal child, frozen with the session. */
  scenarioPath?: string;
  /** Servers of the person's own that must be switched off by name; `prepare` finds them. */
  foreignServers?: readonly string[];
  /** Git's folders that a confined child must be able to write, so that it can commit; `prepare` finds them. */
  gitDirs?: readonly string[];
  inGuard?: boolean;
  /** How a command line is started in the guard; absent where there is none. */
  inside?: (command: readonly string[]) => readonly [string, ...string[]];
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
  /** Only when `ok` is false and the output names it. */
  problem?: ChildProblem;
  /** One line for people, from the CLI's own structured fields, at most 300 characters. */
  text?: string;
  turns?: number;
  costUsd?: number;
  tokens?: TokenCounts;
  deniedTools?: readonly string[];
  /**
   * The whole last message, where the command asked for it to be the signal: it counts when the child has
   * written no `_signal.json`.
   */
  signalText?: string;
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
  | {
      kind: 'activity';
      text: string;
      /** A tool that is called, with the file that it may change. */
      tool?: { name: string; path?: string };
      /** It only tries to reach the network, and would do so for ever. */
      isOffline?: boolean;
    }
  /** So many of the tool calls have ended, with whatever result. */
  | { kind: 'tools_ended'; count: number }
  | { kind: 'limit'; until?: number }
  /** An answer of the model, or by how much one has grown; a final report replaces the sum of them. */
  | { kind: 'spent'; tokens: TokenCounts }
  /** May come more than once in a process: the last one counts. */
  | { kind: 'final'; report: FinalReport };

export interface ExitReport {
  /** The wrapper's record of the CLI's exit status; null when there is none. */
  exitCode: number | null;
  stderrTail: string;
}

/** What a CLI has noted in files of its own, beside its output. */
export interface Traces {
  /** When its usage limit ends, in milliseconds since the epoch. */
  limitedUntil?: number;
  version?: string;
  model?: string;
  /** What its answers have cost together: all that is known of a process that was ended. */
  tokens?: TokenCounts;
}

export interface TraceQuestion {
  /** The CLI's own name of its session, from a `started` event. */
  cliSession: string;
  env: Readonly<Record<string, string | undefined>>;
  final: FinalReport | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

/** US dollars for a million tokens. */
export type Price = TokenCounts;

/** What `samocode doctor` asks a CLI before it is given any work; nothing of it reaches its service. */
export interface Preflight {
  /** Shows the options that our command needs. */
  helpArgs: readonly string[];
  neededOptions: readonly string[];
  /** The oldest version whose behaviour was measured. */
  measured: string;
  login?: {
    args: readonly string[];
    /** Its answer is not the last word: a key or a provider of the person's own needs no login. */
    isAdvisory?: boolean;
  };
  /** Without a command for it: any one of these means a login. */
  loginTraces?: LoginTraces;
  /** Exits with 0 where the CLI's own sandbox works. */
  sandboxArgs?: readonly string[];
  install: string;
  loginFix: string;
}

export interface LoginTraces {
  env: readonly string[];
  /** Names the folder that takes the place of HOME for the CLI. */
  homeVariable: string;
  /** Below its home. */
  files: readonly string[];
  /** A file below its home that is there without a login too, and where in it the chosen one stands. */
  settings: { file: string; at: readonly string[] };
}

/** The same CLI as a client of our server. */
export interface McpClient {
  /** As it names itself in `initialize`. */
  name: string;
  /** How long `wait` blocks by default, and at most: a longer call would fail in this client. */
  byDefaultMs: number;
  mostMs: number;
}

export interface StateFolder {
  /** Below home, or below the folder that `homeVariable` names; `variable` names another folder in its place. */
  folder: string;
  variable?: string;
  homeVariable?: string;
  /**
   * What in it runs as the person or speaks to their next chat, and is written by no ordinary run of the CLI. A star
   * stands for any name that is not hidden.
   */
  steering: readonly string[];
}

/** A setting that no other CLI has: a whole number. It stands under its key. */
export interface OwnSetting {
  unit: string;
  min: number;
  max: number;
  default: string;
  doc: string;
}

/**
 * One agent CLI: all that is known of it alone. A new one is a folder with such an object and its line in
 * `registry.ts`; settings, start choices, doctor, prompts and prices are made from that list.
 */
export interface Provider {
  /** Its name in settings and events, lower case. `<NAME>_PATH` and its like are its settings. */
  name: string;
  title: string;
  /** Program looked up on PATH when no path is configured. */
  defaultCommand: string;
  /** Where its installer puts it, below the home folder. */
  installFolders?: readonly string[];
  /** Other folders below home from which it is started, read-only for agents. */
  starters?: readonly string[];
  /** Its own folder, which it must be able to write. */
  state?: StateFolder;
  /** Defaults of its settings on the machine; absent for the bundled agent, which has none. */
  settings?: { model: string; own?: Readonly<Record<string, OwnSetting>> };
  preflight?: Preflight;
  /** Environment variables that say who pays for its calls, and where they go. */
  credentials: readonly string[];
  /** List prices by the beginning of a model's name. They age: what is computed from them is an estimate. */
  prices: Readonly<Record<string, Price>>;
  /** Of its prompts: how it works with helpers and files. Absent: it works alone. */
  promptWords?: string;
  /** Keeps its agents itself from what is not theirs, under PERMISSIONS=allow. */
  confinesItself?: true;
  /** Under PERMISSIONS=skip, unless the person calls the machine a sandbox. */
  refusesRoot?: true;
  /** Set for the commands it runs, and by no person: a command line that carries one was typed by an agent. */
  markers: readonly string[];
  /** What it leaves to the programs it starts; kept from agents of ours, to whom it would speak of another session. */
  leftovers?: readonly string[];
  /** A folder of PATH that is gone when the process that put it there has ended. */
  passingFolder?: RegExp;
  client?: McpClient;
  /**
   * Completes a request by what only this machine knows, and writes files that the command names beside
   * the prompt. Without it a request is complete.
   */
  prepare?(request: ChildRequest): Promise<ChildRequest>;
  buildCommand(request: ChildRequest): ChildCommand;
  /** A reader of one process's stdout, fed line by line; unknown lines give nothing and never throw. */
  newReader(): { readLine(line: string): ChildEvent[] };
  /** A line of its output as people read it; never throws. */
  transcript(line: string): TranscriptEntry[];
  /** Why the process ended when it left no valid signal; undefined: it simply finished. */
  classifyEnd(final: FinalReport | undefined, exit: ExitReport): ChildProblem | undefined;
  /** Reads what the CLI has noted elsewhere about a process that has ended; never throws. */
  readTraces?(question: TraceQuestion): Promise<Traces>;
}
