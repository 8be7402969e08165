import type { PromptChoice } from './prompts/prompts.ts';

export type CommandLine =
  | { kind: 'serve'; isReadOnly: boolean; prompts: PromptChoice }
  /** Printed to standard output. */
  | { kind: 'print'; text: string }
  /** Printed to standard error, with exit status 2. */
  | { kind: 'misused'; text: string };

const HELP = `Usage: samocode-mcp [--read-only] [--no-prompts | --all-prompts]

The MCP server of samocode, for Claude Code, Codex, Gemini CLI, Claude
Desktop and other clients. A client starts it and talks to it on standard
input and output; "samocode install" adds it to the clients of this machine.
In a terminal use "samocode" itself.

Options:
  --read-only    offer only the read-only tools: nothing can be started,
                 answered, approved, stopped or undone through this server
  --no-prompts   offer no prompts: the client has samocode's own commands
  --all-prompts  also offer the prompts for work in the chat itself, not only
                 the three for sessions
  -V, --version  print the version
  -h, --help     print this help
`;

/** For a person who starts the server by hand. */
export const WAITS_FOR_CLIENT =
  'samocode-mcp is waiting for an MCP client on standard input; Ctrl-C ends it.\nIn a terminal use "samocode"; for more, see "samocode-mcp --help".\n';

const OPTIONS: ReadonlySet<string> = new Set([
  '--read-only',
  '--no-prompts',
  '--all-prompts',
  '--version',
  '-V',
  '--help',
  '-h',
]);

export function readCommandLine(args: readonly string[], version: string): CommandLine {
  const unknown = args.find((word) => !OPTIONS.has(word));
  if (unknown !== undefined) {
    const text = `samocode-mcp does not take ${JSON.stringify(unknown)}; see "samocode-mcp --help".\n`;
    return { kind: 'misused', text };
  }
  const has = (...names: string[]) => names.some((name) => args.includes(name));
  if (has('--help', '-h')) return { kind: 'print', text: HELP };
  if (has('--version', '-V')) return { kind: 'print', text: `${version}\n` };
  const prompts = has('--no-prompts') ? 'none' : has('--all-prompts') ? 'all' : 'sessions';
  return { kind: 'serve', isReadOnly: has('--read-only'), prompts };
}
