import type {
  AgentEvent,
  FinalReport,
  PrintedFacts,
  TokenCounts,
  ToolCall,
  WindowUsed,
} from '../contract/events.ts';
import { activityIn } from './activity.ts';

export const NO_TOKENS: TokenCounts = { input: 0, output: 0, cached: 0 };

export function addTokens(a: TokenCounts, b: TokenCounts): TokenCounts {
  return { input: a.input + b.input, output: a.output + b.output, cached: a.cached + b.cached };
}

/** Subtracts cached tokens from the input, in which Codex and Gemini CLI include them. */
export function apartFromCache({ input, output, cached }: TokenCounts): TokenCounts {
  return { input: Math.max(0, input - cached), output, cached };
}

/**
 * A CLI can print a stray report after its last one: within a process, spending never goes down, and a success is not
 * undone.
 */
function withLargest(earlier: FinalReport | undefined, later: FinalReport): FinalReport {
  if (earlier === undefined) return later;
  const [a, b] = [earlier.tokens ?? later.tokens, later.tokens ?? earlier.tokens];
  const costs = [earlier, later].flatMap(({ costUsd }) => costUsd ?? []);
  return {
    ...(earlier.ok && !later.ok ? earlier : later),
    ...(costs.length > 0 && { costUsd: Math.max(...costs) }),
    ...(a &&
      b && {
        tokens: {
          input: Math.max(a.input, b.input),
          output: Math.max(a.output, b.output),
          cached: Math.max(a.cached, b.cached),
        },
      }),
  };
}

const MAX_TOOLS = 40;
const MAX_FILES = 60;
const MAX_DENIALS = 3;

/** Collects the facts about a process that its output reveals, in bounded size however long it runs. */
export class Tally {
  readonly #tools = new Map<string, number>();
  readonly #files = new Set<string>();
  #openCalls = 0;
  activity: string | undefined;
  /** The last final report, with the largest spending of all; absent while it runs. */
  final: FinalReport | undefined;
  limitedUntil: number | undefined;
  /** Whether it works at an extra charge because the plan is used up; the plan's limit is `limitedUntil`. */
  isOverage = false;
  /** As last printed. */
  windows: readonly WindowUsed[] | undefined;
  /** The sum of usage while it ran; a final report is more accurate. */
  tokens: TokenCounts = NO_TOKENS;
  /** The cost so far, if the CLI reports it while it runs. */
  usd: number | undefined;
  isOffline = false;
  /** What the vendor's reviewer said to denials since the last tool call that succeeded; the first that were too many stay. */
  denials: string[] = [];
  started: PrintedFacts = {};

  note(event: AgentEvent): void {
    this.isOffline = event.kind === 'noted' && event.isOffline === true;
    const now = activityIn(event, this.started.cwd);
    this.activity = now ?? this.activity;
    switch (event.kind) {
      case 'started': {
        const { kind: _, ...facts } = event;
        this.started = { ...this.started, ...facts };
        return;
      }
      // When the model writes text, its calls have ended, even those whose lines were skipped.
      case 'said':
        if (now !== undefined && !event.isOfSubagent) this.#openCalls = 0;
        return;
      case 'noted':
        if (now !== undefined) this.#openCalls = 0;
        return;
      case 'called':
        if (event.again) return;
        this.#openCalls += 1;
        this.#count(event);
        return;
      case 'returned':
        this.#openCalls = Math.max(0, this.#openCalls - event.count);
        if (event.count > (event.failed ?? 0) && !this.isDenied) this.denials = [];
        return;
      case 'denied':
        if (!this.isDenied) this.denials.push(event.why);
        return;
      case 'overage':
      case 'limit':
        this.isOverage ||= event.kind === 'overage';
        this.limitedUntil = event.until ?? this.limitedUntil;
        return;
      case 'windows':
        this.windows = event.windows;
        return;
      case 'spent':
        if ('tokens' in event) this.tokens = addTokens(this.tokens, event.tokens);
        else this.usd = event.usdSoFar;
        return;
      case 'final':
        this.final = withLargest(this.final, event.report);
        return;
      default:
        event satisfies never;
    }
  }

  /** Whether the reviewer has denied so much in a row that the agent only tries to get around it. */
  get isDenied(): boolean {
    return this.denials.length >= MAX_DENIALS;
  }

  get isInTool(): boolean {
    return this.#openCalls > 0;
  }

  get tools(): Record<string, number> {
    return Object.fromEntries(this.#tools);
  }

  /** Files named by writing tools, in order of first mention; changes by shell commands are not included. */
  get files(): string[] {
    return [...this.#files];
  }

  #count({ tool, path }: ToolCall): void {
    const key = this.#tools.has(tool) || this.#tools.size < MAX_TOOLS ? tool.slice(0, 80) : 'others';
    this.#tools.set(key, (this.#tools.get(key) ?? 0) + 1);
    if (path !== undefined && this.#files.size < MAX_FILES) this.#files.add(path.slice(0, 300));
  }
}
