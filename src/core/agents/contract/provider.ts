import type { Grant, Permissions } from '../../kernel/phases/grants.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import type { AgentEvent, ChildProblem, FinalReport, TokenCounts, WindowUsed } from './events.ts';
import type { McpServers } from './mcp-file.ts';

/** In seconds, for programs that a CLI runs as hooks: the one at an agent's end may try checks. */
export const HOOK_TIMEOUT = 600;

/** The first start downloads an accepted server; the CLIs' own limits, 10 and 30 s, are too short. */
export const ACCEPTED_STARTS_WITHIN_MS = 120_000;

export interface ChildServers {
  /** Absolute path of the project's MCP file. */
  configPath?: string;
  /** Servers that are not in that file, but were accepted with the plan. */
  accepted?: McpServers;
  serverNames: readonly string[];
  servers: McpServers;
}

export interface AgentRequest {
  cliPath: string;
  promptPath: string;
  phase: Phase;
  sessionDir: string;
  /** The agent's working directory: the worktree, or MAIN_REPO before it exists. */
  workingDir: string;
  mainRepo: string;
  /** Empty: the CLI's own default. */
  model: string;
  /** Values of CLI-specific settings, by key. */
  own: Readonly<Record<string, number>>;
  /** `auto` only in phases of work. */
  permissions: Permissions;
  /** SETUP and the checks, which need no review as they stand. */
  commands?: readonly string[];
  /** Absent: no servers. */
  mcp?: ChildServers;
  childUuid: string;
  /** A real Node, for our programs. */
  nodePath: string;
  /** The base environment: ours, without the parent client's variables and our secrets. */
  env: Readonly<Record<string, string>>;
  /** US dollars after which the agent must end, for CLIs that enforce it. */
  budgetUsd?: number;
  programFolder: string;
  /** Run by a hook of the CLI when its agent would end: it prints `{"decision": "block", "reason"}` to send the agent back. */
  atEnd: readonly string[];
  /** The command line of ACP_COMMAND. */
  agentCommand?: string;
  /** Absolute path of a scenario for the rehearsal agent, frozen with the session. */
  scenarioPath?: string;
  /** The user's servers, to be disabled by name; found by `prepare`. */
  foreignServers?: readonly string[];
  /** A Codex that would not start with the switch for its helpers; found by `prepare`. */
  lacksHelperSwitch?: boolean;
  /** git folders that a confined agent must be able to write, so that it can commit; found by `prepare`. */
  gitDirs?: readonly string[];
  inGuard?: boolean;
  /** Wraps a command line in the guard; absent without one. */
  inside?: (command: readonly string[]) => readonly [string, ...string[]];
}

/** One program to start, without a shell. */
export interface ChildCommand {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Path of the file used as stdin; absent: /dev/null. */
  stdinPath?: string;
}

/** How a CLI is asked for the windows of its login: it asks its service, and no model. It is ended once it has answered. */
export interface WindowsQuestion {
  args: readonly string[];
  /** Lines for its input, which stays open. */
  input: readonly string[];
  /** The answer, if this line of its output is one. Never throws. */
  readLine(line: string): readonly WindowUsed[] | undefined;
}

export interface ExitReport {
  /** The CLI's exit status as recorded by the wrapper; null if there is none. */
  exitCode: number | null;
  stderrTail: string;
}

/** The facts that a CLI has recorded in its own files, apart from its output. */
export interface Traces {
  /** In milliseconds since the epoch. */
  limitedUntil?: number;
  version?: string;
  model?: string;
  windows?: readonly WindowUsed[];
  /** Total usage of its answers; nothing else is known about a process that was ended. */
  tokens?: TokenCounts;
  /** What its reviewer and helpers have used, which neither those nor its final report contain. */
  ofHelpers?: TokenCounts;
}

export interface TraceQuestion {
  /** The CLI's id of its session, from a `started` event. */
  cliSession: string;
  /** Its state folder, or the copy that its agent had. Written by an agent, so no link in it is followed. */
  folder: string;
  final: FinalReport | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

/** US dollars per million tokens. */
export type Price = TokenCounts;

/** What is known of a vendor's CLI but not decided here. It ages, so it has a date. */
export interface VendorFacts {
  /** The accounts and keys that its service accepts. */
  accounts: string;
  /** Accounts that it accepted once, and the day since which it refuses them. */
  refused?: string;
  /** The versions tested with samocode; absent: none was. */
  tested?: { oldest: string; newest: string };
  /** The day on which the source was last read: 2026-11-26. */
  readOn: string;
  /** The address of the vendor's page about its accounts. */
  source: string;
}

/** The questions of `samocode doctor` to a CLI before it gets any work; none contacts its service. */
export interface Preflight {
  login?: {
    args: readonly string[];
    /** Not conclusive: a key or a custom provider needs no login. */
    isAdvisory?: boolean;
  };
  /** For a CLI without a login command: any of these indicates a login. */
  loginTraces?: LoginTraces;
  /** Exits with 0 if the CLI's own sandbox works. */
  sandboxArgs?: readonly string[];
  install: string;
  loginFix: string;
}

export interface LoginTraces {
  env: readonly string[];
  homeVariable: string;
  /** Relative to the CLI's home. */
  files: readonly string[];
  /** A settings file that exists even without a login, and the key path of the chosen login method. */
  settings: { file: string; at: readonly string[] };
}

export interface McpClient {
  name: string;
  /** The time that `wait` blocks by default, and at most: longer calls fail in this client. */
  byDefaultMs: number;
  maxMs: number;
  /** Nothing that is typed into its forms chooses: tried with its real program. Elsewhere a form ends with digits to type. */
  choosesByArrows?: true;
}

/** A CLI's own files. Its agents get copies of named parts, made for each agent and then discarded. */
export interface StateFolder {
  /** Relative to home, or to the folder that `homeVariable` names; `variable` replaces the folder. */
  folder: string;
  variable?: string;
  homeVariable?: string;
  /** Entries of the folder that are copied; an asterisk matches any part of a name. Everything else stays outside. */
  parts: readonly string[];
  /** Entries that may be large and that no ordinary run writes: shown read-only instead of copied. */
  shown?: readonly string[];
  /** Files and folders next to it, relative to home or to the folder that `homeVariable` names, that are copied. */
  beside?: readonly string[];
  login?: LoginFile;
  /** Where it writes which account is logged in: a file of the folder, or beside it, and the path of a key. */
  account?: { file: string; at: readonly string[] };
  /** The reason why agents need the folder itself, writable: a copy would not do. */
  openBecause?: string;
}

/** The JSON file of a CLI's login. Its copy can't renew the login: a service may end every copy of a used token. */
export interface LoginFile {
  /** Relative to the state folder. */
  file: string;
  /** The only keys of the file that are copied; absent: all. */
  keep?: readonly string[];
  /** Keys, at any depth, of tokens that renew the login, and their replacement; absent: the key is left out. */
  refresh: { keys: readonly string[]; as?: string };
  /** Keys of the file whose tokens are known not to change when they are used. */
  lasting?: readonly string[];
  /**
   * Returns the end of the access token in milliseconds since the epoch; undefined if the login does not name it.
   */
  endsAt?(login: unknown): number | undefined;
  renewal?: LoginRenewal;
}

/** The places that a login needs outside of the CLI's state folder. Paths are relative to home. */
export interface LoginFiles {
  /** A settings file in the state folder, and its key with further variables. */
  settings: string;
  env: string;
  /** Keys of that file whose values are command lines that print a credential. */
  commands: readonly string[];
  /** The folders, and the variables that name files, by the variable that selects the service. */
  services: readonly { variable: string; folders: readonly string[]; named?: readonly string[] }[];
}

export interface LoginRenewal {
  /** Variables that replace the login: with one of these, it is not used. */
  unless: readonly string[];
  /** Uses the login, with nothing of a project and no tools or hooks, at a service that refuses its token. */
  command(service: string): { args: readonly string[]; env?: Readonly<Record<string, string>> };
}

/** A judgement of every built-in tool of a CLI. The tools of MCP servers are offered besides. */
export interface ToolTable {
  /** All that its agents get, by what their phase may do. */
  offered: Readonly<Record<Grant, readonly string[]>>;
  /** The others that some version, login or model brings, and why agents do not get them. */
  closed: Readonly<Record<string, string>>;
  /** Those that no option closes, and why that is acceptable. */
  unclosable?: Readonly<Record<string, string>>;
  /** An agent that works needs one tool of each group. Absent: the CLI does not print what it offers. */
  needed?: readonly (readonly string[])[];
}

/** A CLI-specific setting: a whole number, named by its key. */
export interface OwnSetting {
  unit: string;
  min: number;
  max: number;
  default: string;
  doc: string;
}

/**
 * Everything specific to one agent CLI. To add one, add a folder with such an object and a line in
 * `registry.ts`; settings, start choices, doctor, prompts and prices are generated from that list.
 */
export interface Provider {
  /** Its lower-case name in settings and events. `<NAME>_PATH` and the like are its settings. */
  name: string;
  title: string;
  /** Program to look for on PATH if no path is configured. */
  defaultCommand: string;
  /** The folders in which it is installed, relative to the home folder. */
  installFolders?: readonly string[];
  /** Other folders below home that it starts from, read-only for agents. */
  starters?: readonly string[];
  /** Its own files: settings, login, records. */
  state?: StateFolder;
  loginFiles?: LoginFiles;
  /** Defaults of its machine settings; absent for the bundled agent, which has none. */
  settings?: { model: string; own?: Readonly<Record<string, OwnSetting>> };
  preflight?: Preflight;
  /** Absent for an agent without a known vendor. */
  facts?: VendorFacts;
  /** The hosts of its service, for the strict sandbox, and the variables that it reads. */
  hosts?: readonly string[];
  variables?: RegExp;
  /** Its settings files, relative to home: they can name further variables, such as a key of a model service. */
  settingsFiles?: readonly string[];
  /** By the variable that makes it use the models of a cloud: the variables of that cloud's login. */
  clouds?: Readonly<Record<string, RegExp>>;
  /** Environment variables that determine the account and the endpoint of its calls. */
  credentials: readonly string[];
  /** List prices by prefix of the model's name. They age: costs computed from them are estimates. */
  prices: Readonly<Record<string, Price>>;
  /** Absent for a CLI whose tools were not judged. */
  tools?: ToolTable;
  /** Prompt text on how it works with helpers and files. Absent: it works alone. */
  promptText?: string;
  /** A repository can make it run programs: it starts only in the sandbox, unless the user says otherwise. */
  needsGuard?: boolean;
  /** Whether it asks, as PERMISSIONS=allow requires; `by setting`: a person may say so with ACP_ASKS. Absent: true. */
  asks?: boolean | 'by setting';
  /**
   * Its vendor's reviewer of actions, as PERMISSIONS=auto requires. `mode`: what it prints while it has one; `service`:
   * the variable that names another service, which might not pass the reviewer's questions on; `wordsIn`: its reasons in
   * the last lines of stderr, if they are only there. Absent: none is known.
   */
  reviewer?: { mode?: string; service?: string; wordsIn?(stderrTail: string): string[] };
  /** The kinds of spending that it reports; absent: all. */
  reports?: { usd: boolean; tokens: boolean };
  /** Confines its agents itself, under PERMISSIONS=allow. */
  confinesItself?: true;
  /** Refuses to run as root under PERMISSIONS=skip, unless the user declares the machine a sandbox. */
  refusesRoot?: true;
  /** Set for the commands it runs, never by people: a command started with one was started by an agent. */
  markers: readonly string[];
  /** Variables it passes to its children; removed for our agents, because they describe another session. */
  leftovers?: readonly string[];
  /** A PATH folder that disappears with the process that added it. */
  passingFolder?: RegExp;
  client?: McpClient;
  /** Absent: its windows are known from its agents alone, or not at all. */
  windows?: WindowsQuestion;
  /**
   * Adds machine-specific facts to a request, and writes files that the command refers to next to the prompt.
   * Without this method, a request is complete.
   */
  prepare?(request: AgentRequest): Promise<AgentRequest>;
  buildCommand(request: AgentRequest): ChildCommand;
  /** Creates a reader of one process's stdout, line by line; unknown lines yield nothing and never throw. */
  newReader(): { readLine(line: string): AgentEvent[] };
  /** Returns the reason why the process ended without a valid signal; undefined: it simply finished. */
  classifyEnd(final: FinalReport | undefined, exit: ExitReport): ChildProblem | undefined;
  /** Reads the CLI's own records about an ended process; never throws. */
  readTraces?(question: TraceQuestion): Promise<Traces>;
}
