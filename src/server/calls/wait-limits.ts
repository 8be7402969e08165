/** How long one call may last in each client: what it stands by itself, and what may be asked for. */
interface WaitLimit {
  byDefaultMs: number;
  mostMs: number;
}

// Claude Code turns a call into a background task after 120 s, and its result then starts a new turn; Codex
// gives up after 300 s; Gemini after 600 s; an unknown client, as Claude Desktop, most often after 60 s.
const WAIT_LIMITS: ReadonlyMap<string, WaitLimit> = new Map([
  ['claude-code', { byDefaultMs: 110_000, mostMs: 1_800_000 }],
  ['codex-mcp-client', { byDefaultMs: 280_000, mostMs: 280_000 }],
  ['gemini-cli-mcp-client', { byDefaultMs: 540_000, mostMs: 540_000 }],
]);

const UNKNOWN_CLIENT: WaitLimit = { byDefaultMs: 45_000, mostMs: 45_000 };

/** How long a call of this client waits, in milliseconds; a longer wish is cut to what it stands. */
export function waitLimitMs(clientName: string, askedSeconds: number | undefined): number {
  const limit = WAIT_LIMITS.get(clientName) ?? UNKNOWN_CLIENT;
  return askedSeconds === undefined ? limit.byDefaultMs : Math.min(askedSeconds * 1000, limit.mostMs);
}

/** How long a call of this client may last at most, in milliseconds. */
export function longestWaitMs(clientName: string): number {
  return waitLimitMs(clientName, Number.MAX_SAFE_INTEGER);
}
