import * as z from 'zod';
import { beginning } from '../../kernel/text.ts';
import type { AgentEvent, ChildProblem, FinalReport, TokenCounts, ToolOutput } from '../contract/events.ts';
import { firstLine, objectIn, toolCall } from '../reading/activity.ts';
import { NO_TOKENS } from '../reading/tally.ts';
import { windowsOfStream } from './claude-windows.ts';

const text = z.string().optional().catch(undefined);
const count = z.number().optional().catch(undefined);
const number = z.number().nullish().catch(undefined);

/** Token usage, of one answer or of all answers. */
const Usage = z
  .object({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
  })
  .optional()
  .catch(undefined);

/** A `result` line of claude's stream-json; a field of unknown type reads as absent. */
const ClaudeResult = z.object({
  type: z.literal('result'),
  subtype: text,
  is_error: z.boolean().optional().catch(undefined),
  num_turns: count,
  total_cost_usd: count,
  usage: Usage,
  modelUsage: z
    .record(
      z.string(),
      z.object({
        inputTokens: count,
        outputTokens: count,
        cacheReadInputTokens: count,
        cacheCreationInputTokens: count,
      }),
    )
    .optional()
    .catch(undefined),
  permission_denials: z
    .array(z.object({ tool_name: z.string() }))
    .optional()
    .catch(undefined),
  terminal_reason: text,
  stop_reason: text,
  api_error_status: z.number().nullish().catch(undefined),
  api_error: text,
  result: text,
  errors: z.array(z.string()).optional().catch(undefined),
});
type ClaudeResult = z.infer<typeof ClaudeResult>;

const SystemLine = z.object({
  type: z.literal('system'),
  subtype: text,
  session_id: text,
  model: text,
  cwd: text,
  claude_code_version: text,
  attempt: number,
  max_retries: number,
  error_status: number,
  fallback_model: text,
  permissionMode: text,
  tool_name: text,
  decision_reason_type: text,
  decision_reason_code: text,
  decision_reason: text,
  message: text,
  tools: z.array(z.string()).optional().catch(undefined),
});

const ClaudeBlock = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), thinking: z.string() }),
  z.object({
    type: z.literal('tool_use'),
    name: z.string(),
    input: z.record(z.string(), z.unknown()).catch({}),
  }),
  z.object({
    type: z.literal('tool_result'),
    content: z.unknown(),
    is_error: z.boolean().optional().catch(undefined),
  }),
  z.object({ type: z.string() }).transform(({ type }) => ({ type: 'other' as const, name: type })),
]);
type ClaudeBlock = z.infer<typeof ClaudeBlock>;

/** Set on lines of a subagent. */
const parent_tool_use_id = z.string().nullish().catch(undefined);

const AssistantLine = z.object({
  type: z.literal('assistant'),
  error: text,
  parent_tool_use_id,
  message: z.object({ id: text, content: z.array(ClaudeBlock).catch([]), usage: Usage }),
});

const UserLine = z.object({
  type: z.literal('user'),
  parent_tool_use_id,
  message: z.object({ content: z.array(ClaudeBlock).catch([]) }),
});

const RateLimitLine = z.object({
  type: z.literal('rate_limit_event'),
  rate_limit_info: z.object({
    status: z.string(),
    resetsAt: number,
    isUsingOverage: z.boolean().nullish().catch(undefined),
    unifiedWindows: z.record(z.string(), z.unknown()).optional().catch(undefined),
  }),
});

const ClaudeLine = z.discriminatedUnion('type', [SystemLine, AssistantLine, RateLimitLine, ClaudeResult]);

// A tool result can be megabytes long; such lines are recognized without parsing.
const WANTED = /"type": ?"(?:system|assistant|rate_limit_event|result)"/;

const IS_USER = /^\{"type": ?"user"/;
/** Never matches text, in which quotes are escaped. */
const TOOL_RESULT = /"type": ?"tool_result"/g;
const FAILED = /"is_error": ?true/g;
/** How the reason of a denial begins once several came in a row. */
const BLOCKED_SO_FAR = /^\d+ consecutive actions were blocked.*Latest blocked action: /s;

/** Tools that change the file at their path. */
const WRITERS: ReadonlySet<string> = new Set(['Edit', 'MultiEdit', 'NotebookEdit', 'Write']);

const MAX_WHY = 200;

/**
 * Reads the stdout of one `claude -p --output-format stream-json` process, or of an agent with the same
 * output. Unknown types and broken lines are ignored; each `result` line yields a `final`.
 */
export function newClaudeReader(): { readLine(line: string): AgentEvent[] } {
  let errorClass: string | undefined;
  let limit: { until?: number } | undefined;
  const answers = new ClaudeAnswers();

  function readSystem(line: z.infer<typeof SystemLine>): AgentEvent[] {
    if (line.subtype === 'init') {
      const { claude_code_version: version, model, session_id: cliSession, cwd, permissionMode: mode } = line;
      // This line still has the old name of that tool.
      const tools = line.tools?.map((name) => (name === 'Task' ? 'Agent' : name));
      return [{ kind: 'started', version, model, cliSession, cwd, mode, ...(tools && { tools }) }];
    }
    if (line.subtype === 'api_retry') {
      const { error_status: status, attempt, max_retries: most } = line;
      const cause = status ? `HTTP ${status}` : 'no answer';
      const text = `the service does not answer (${status ?? 'no answer'}); retrying`;
      return [{ kind: 'noted', text, now: `API retry ${attempt ?? '?'} of ${most ?? '?'} (${cause})` }];
    }
    if (line.subtype === 'model_fallback') {
      const model = line.fallback_model;
      const now = model ? `Fallback model: ${model}` : undefined;
      return [{ kind: 'noted', text: `continues with ${model ?? 'another model'}`, now }];
    }
    if (line.subtype === 'permission_denied') {
      const { tool_name: tool, decision_reason: reason = '', message = '' } = line;
      const noted: AgentEvent = { kind: 'noted', text: `not allowed: ${tool ?? 'a tool'}` };
      if (line.decision_reason_type !== 'classifier') return [noted];
      // Without a code, the reviewer has judged; with one, it could not, and only the message says so.
      const said = line.decision_reason_code ? message : reason.replace(BLOCKED_SO_FAR, '');
      return [noted, { kind: 'denied', why: beginning(firstLine(`${tool ?? '?'}: ${said}`), MAX_WHY) }];
    }
    return [];
  }

  function spentBy({ error, message }: z.infer<typeof AssistantLine>): AgentEvent[] {
    const { id, usage, content } = message;
    if (!usage || id === undefined) return [];
    // The CLI's own error text comes from no model.
    const characters = error === undefined ? content.reduce((sum, block) => sum + lengthOf(block), 0) : 0;
    const tokens = answers.note(id, tokensIn(usage), characters);
    return tokens ? [{ kind: 'spent', tokens }] : [];
  }

  return {
    readLine(raw) {
      const count = IS_USER.test(raw) ? (raw.match(TOOL_RESULT)?.length ?? 0) : 0;
      const outputs = () => outputsIn(raw);
      if (count > 0) return [{ kind: 'returned', count, failed: raw.match(FAILED)?.length, outputs }];
      const parsed = ClaudeLine.safeParse(WANTED.test(raw) ? objectIn(raw) : undefined);
      if (!parsed.success) return [];
      const line = parsed.data;
      switch (line.type) {
        case 'system':
          return readSystem(line);
        case 'assistant':
          errorClass = line.error;
          return [...spentBy(line), ...line.message.content.flatMap((block) => eventsOf(block, line))];
        case 'rate_limit_event': {
          const { status, resetsAt, isUsingOverage, unifiedWindows } = line.rate_limit_info;
          const until = { ...(resetsAt && { until: resetsAt * 1000 }) };
          limit = status === 'rejected' ? until : undefined;
          const windows = windowsOfStream(unifiedWindows);
          const seen: AgentEvent[] = windows.length > 0 ? [{ kind: 'windows', windows }] : [];
          if (limit !== undefined) return [...seen, { kind: 'limit', ...limit }];
          return isUsingOverage ? [...seen, { kind: 'overage', ...until }] : seen;
        }
        case 'result': {
          const final: AgentEvent = { kind: 'final', report: reportOf(line, { errorClass, limit }) };
          const why = line.result || line.errors?.[0] || 'no reason given';
          return line.is_error ? [{ kind: 'noted', text: `failed: ${why}` }, final] : [final];
        }
        default:
          return line satisfies never;
      }
    },
  };
}

function lengthOf(block: ClaudeBlock): number {
  switch (block.type) {
    case 'text':
      return block.text.length;
    case 'thinking':
      return block.thinking.length;
    case 'tool_use':
      return block.name.length + JSON.stringify(block.input).length;
    case 'tool_result':
    case 'other':
      return 0;
    default:
      return block satisfies never;
  }
}

function eventsOf(block: ClaudeBlock, line: z.infer<typeof AssistantLine>): AgentEvent[] {
  const whose = line.parent_tool_use_id ? { isOfSubagent: true } : {};
  if (block.type === 'text') return [{ kind: 'said', text: block.text, ...whose }];
  return block.type === 'tool_use' ? [{ ...toolCall(block.name, block.input, WRITERS), ...whose }] : [];
}

function outputsIn(raw: string): ToolOutput[] {
  const { data: line } = UserLine.safeParse(objectIn(raw));
  const whose = line?.parent_tool_use_id ? { isOfSubagent: true } : {};
  return (line?.message.content ?? []).flatMap((block) =>
    block.type === 'tool_result'
      ? [{ text: outputOf(block.content), failed: block.is_error === true, ...whose }]
      : [],
  );
}

function outputOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const blocks = z.array(ClaudeBlock).safeParse(content).data ?? [];
  return blocks.map((block) => (block.type === 'text' ? block.text : `[${nameOf(block)}]`)).join('\n');
}

function nameOf(block: ClaudeBlock): string {
  return block.type === 'other' ? block.name : block.type;
}

/** An upper bound for concurrently streamed answers. */
const MAX_ANSWERS = 500;
const CHARACTERS_PER_TOKEN = 4;

interface Answer {
  characters: number;
  counted: TokenCounts;
}

/**
 * Usage of Claude Code's answers while they stream. Each block of an answer is a separate line with the usage
 * as of the answer's start, so its output is estimated from its length.
 */
class ClaudeAnswers {
  readonly #answers = new Map<string, Answer>();

  /**
   * @param characters length of this line's addition to the answer
   * @returns usage to add to that of its earlier lines; undefined if none
   */
  note(id: string, reported: TokenCounts, characters: number): TokenCounts | undefined {
    const known = this.#answers.get(id);
    const before = known ?? { characters: 0, counted: NO_TOKENS };
    const length = before.characters + characters;
    const spoken = Math.ceil(length / CHARACTERS_PER_TOKEN);
    const counted = {
      input: Math.max(before.counted.input, reported.input),
      output: Math.max(before.counted.output, reported.output, spoken),
      cached: Math.max(before.counted.cached, reported.cached),
    };
    this.#keep(id, { characters: length, counted });
    const more = {
      input: counted.input - before.counted.input,
      output: counted.output - before.counted.output,
      cached: counted.cached - before.counted.cached,
    };
    return known === undefined || more.input + more.output + more.cached > 0 ? more : undefined;
  }

  /** Stores an answer; above the limit, drops the one that was updated least recently. */
  #keep(id: string, answer: Answer): void {
    this.#answers.delete(id);
    this.#answers.set(id, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
  }
}

/** Facts of earlier lines that the result lacks. */
interface EarlierFacts {
  /** `error` of the last synthetic assistant line: `billing_error`, `authentication_failed`, … */
  errorClass: string | undefined;
  /** The last refused rate-limit event; `until` in milliseconds since the epoch. */
  limit: { until?: number } | undefined;
}

/**
 * The report of a `result` line. `is_error` alone decides: API errors come with `subtype: "success"`, and the other
 * fields only refine the reason.
 */
function reportOf(result: ClaudeResult, earlier: EarlierFacts): FinalReport {
  const ok = result.is_error !== true && !result.subtype?.startsWith('error_');
  const problem = ok ? undefined : failureOf(result, earlier);
  const message = (result.result || result.errors?.[0])?.trim().split('\n', 1)[0]?.slice(0, 300);
  const tokens = resultTokens(result);
  const deniedTools = [...new Set(result.permission_denials?.map((denial) => denial.tool_name))];
  return {
    ok,
    problem,
    text: message || undefined,
    turns: result.num_turns,
    costUsd: result.total_cost_usd,
    tokens,
    ...(deniedTools.length > 0 && { deniedTools }),
  };
}

/** Undefined if the turn limit was reached: then a new agent is all that is needed. */
function failureOf(result: ClaudeResult, earlier: EarlierFacts): ChildProblem | undefined {
  const status = result.api_error_status ?? undefined;
  const errorClass = earlier.errorClass;
  if (result.subtype === 'error_max_turns' || result.terminal_reason === 'max_turns') return undefined;
  if (result.subtype === 'error_max_budget_usd') return { kind: 'budget' };
  // Older versions have no api_error; a plain 429 comes without a refused rate-limit event.
  if (result.api_error === 'usage_limit_reached' || (status === 429 && earlier.limit)) {
    return { kind: 'usage_limit', ...earlier.limit };
  }
  if (result.stop_reason === 'refusal') return { kind: 'refused' };
  if (errorClass === 'billing_error') return { kind: 'budget' };
  if (status === 401 || status === 403 || errorClass === 'authentication_failed') return { kind: 'auth' };
  if (status === 404 || errorClass === 'model_not_found') return { kind: 'config' };
  if (status !== undefined && (status === 429 || status >= 500)) return { kind: 'overloaded' };
  if (result.api_error === 'connection_failed') return { kind: 'network' };
  // A client-side timeout has neither status nor api_error.
  if (errorClass === 'server_error' && !result.api_error) return { kind: 'network' };
  return { kind: 'crashed' };
}

// `modelUsage` includes helpers; `usage` might cover only the last turn.
function resultTokens({ modelUsage, usage }: ClaudeResult): TokenCounts | undefined {
  const models = Object.values(modelUsage ?? {});
  if (models.length > 0) {
    const sum = (read: (model: (typeof models)[number]) => number | undefined) =>
      models.reduce((total, model) => total + (read(model) ?? 0), 0);
    return {
      input: sum((model) => (model.inputTokens ?? 0) + (model.cacheCreationInputTokens ?? 0)),
      output: sum((model) => model.outputTokens),
      cached: sum((model) => model.cacheReadInputTokens),
    };
  }
  return usage && tokensIn(usage);
}

function tokensIn(usage: NonNullable<z.infer<typeof Usage>>): TokenCounts {
  return {
    input: (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
    output: usage.output_tokens ?? 0,
    cached: usage.cache_read_input_tokens ?? 0,
  };
}
