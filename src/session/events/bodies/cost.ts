import * as z from 'zod';

/** What children cost: of one iteration, or of a session so far. */
export const Cost = z.object({
  usd: z.number().optional(),
  inputTokens: z.number().optional(),
  outputTokens: z.number().optional(),
  cachedTokens: z.number().optional(),
  turns: z.number().optional(),
  /** The money was computed from a table of prices: the CLI tells tokens alone. */
  usdIsEstimate: z.boolean().optional(),
  /** Of one iteration only: what ran, and what it did. */
  model: z.string().optional(),
  version: z.string().optional(),
  tools: z.record(z.string(), z.int()).optional(),
  /** Files that tools of writing named; what a shell changed is not among them. */
  files: z.array(z.string()).optional(),
  denied: z.array(z.string()).optional(),
});
export type Cost = z.infer<typeof Cost>;
