import * as z from 'zod';
import type { ChildProblem, FinalReport, TokenCounts } from '../contract/provider.ts';

const count = z.number().optional().catch(undefined);
const text = z.string().optional().catch(undefined);

/** The tokens of an answer or of all. */
export const Usage = z
  .object({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
  })
  .optional()
  .catch(undefined);

/** A `result` line of claude's stream-json; a field of another type than we know reads as absent. */
export const ClaudeResult = z.object({
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
export type ClaudeResult = z.infer<typeof ClaudeResult>;

/** What earlier lines said and the result alone does not. */
export interface EarlierWords {
  /** `error` of the last synthetic assistant line: `billing_error`, `authentication_failed`, … */
  errorClass: string | undefined;
  /** The last refused rate-limit event; `until` in milliseconds since the epoch. */
  limit: { until?: number } | undefined;
}

/**
 * The worker's reading of a `result` line. `is_error` alone decides: API errors come with
 * `subtype: "success"`, and the other fields only refine the reason.
 */
export function reportOf(result: ClaudeResult, earlier: EarlierWords): FinalReport {
  const ok = result.is_error !== true && !result.subtype?.startsWith('error_');
  const problem = ok ? undefined : problemOf(result, earlier);
  const words = (result.result || result.errors?.[0])?.trim().split('\n', 1)[0]?.slice(0, 300);
  const tokens = tokensOf(result);
  const deniedTools = [...new Set(result.permission_denials?.map((denial) => denial.tool_name))];
  return {
    ok,
    problem,
    text: words || undefined,
    turns: result.num_turns,
    costUsd: result.total_cost_usd,
    tokens,
    ...(deniedTools.length > 0 && { deniedTools }),
  };
}

/** Undefined for an end that only wants a fresh child: the turn limit was reached. */
function problemOf(result: ClaudeResult, earlier: EarlierWords): ChildProblem | undefined {
  const status = result.api_error_status ?? undefined;
  const errorClass = earlier.errorClass;
  if (result.subtype === 'error_max_turns' || result.terminal_reason === 'max_turns') return undefined;
  if (result.subtype === 'error_max_budget_usd') return { kind: 'budget' };
  // Older versions name no api_error; a plain 429 comes without a refused rate-limit event.
  if (result.api_error === 'usage_limit_reached' || (status === 429 && earlier.limit)) {
    return { kind: 'usage_limit', ...earlier.limit };
  }
  if (result.stop_reason === 'refusal') return { kind: 'refused' };
  if (errorClass === 'billing_error') return { kind: 'budget' };
  if (status === 401 || status === 403 || errorClass === 'authentication_failed') return { kind: 'auth' };
  if (status === 404 || errorClass === 'model_not_found') return { kind: 'config' };
  if (status !== undefined && (status === 429 || status >= 500)) return { kind: 'overloaded' };
  if (result.api_error === 'connection_failed') return { kind: 'network' };
  // A request that timed out on our side of the wire names neither a status nor an api_error.
  if (errorClass === 'server_error' && !result.api_error) return { kind: 'network' };
  return { kind: 'crashed' };
}

// modelUsage sums the process and its helpers; usage may cover the last turn alone.
function tokensOf({ modelUsage, usage }: ClaudeResult): TokenCounts | undefined {
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
  if (!usage) return undefined;
  return {
    input: (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
    output: usage.output_tokens ?? 0,
    cached: usage.cache_read_input_tokens ?? 0,
  };
}
