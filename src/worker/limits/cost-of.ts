import { configFolder } from '../../base/config-folder.ts';
import type { TokenCounts, Traces } from '../../providers/contract/provider.ts';
import { type Estimate, estimateUsd, readPrices, type Spending } from '../../providers/reading/prices.ts';
import type { Cost } from '../../session/events/bodies/cost.ts';
import { plausibleCost } from '../../session/events/fold-cost.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { Worker } from '../core/worker.ts';
import type { ChildLog } from './child-log.ts';

export interface CostFound {
  cost: Cost;
  /** Money that could not be counted as it was spent: no price is known, or its CLI has told no tokens. */
  gap?: 'price' | 'tokens';
}

/** What an iteration cost and how it was spent, as far as its CLI tells; of a bounded size. */
export async function costOf(
  worker: Pick<Worker, 'env'>,
  open: Pick<OpenIteration, 'provider' | 'model'>,
  { log, traces }: { log: Pick<ChildLog, 'seen'> | undefined; traces: Traces },
): Promise<CostFound> {
  const seen = log?.seen;
  const { final, started = {} } = seen ?? {};
  const version = started.version ?? traces.version;
  const tokens = final?.tokens ?? traces.tokens ?? spokenTokens(seen);
  // What is started may be a name for several models; the CLI's own log names the one that answered.
  const models = [started.model, traces.model, open.model || undefined];
  const estimate =
    final?.costUsd === undefined ? await estimateOf(worker, open, { models, tokens }) : undefined;
  const usd = final?.costUsd ?? estimate?.usd;
  const [told, noted, asked] = models;
  const model = estimate?.model ?? (estimate && noted) ?? told ?? noted ?? asked;
  const cost: Cost = {
    usd,
    usdIsEstimate: estimate && true,
    turns: final?.turns,
    inputTokens: tokens?.input,
    outputTokens: tokens?.output,
    cachedTokens: tokens?.cached,
    model: model?.slice(0, 100),
    version: version?.slice(0, 100),
    ...(seen && Object.keys(seen.tools).length > 0 && { tools: seen.tools }),
    ...(seen && seen.files.length > 0 && { files: seen.files }),
    denied: final?.deniedTools?.slice(0, 40),
  };
  const gap =
    estimate && estimate.model === undefined ? 'price' : usd === undefined ? gapOf(seen) : undefined;
  return { cost: plausibleCost(cost), gap };
}

/** One that has done nothing has spent nothing. */
function gapOf(seen: ChildLog['seen'] | undefined): 'tokens' | undefined {
  return seen?.final?.ok || (seen && Object.keys(seen.tools).length > 0) ? 'tokens' : undefined;
}

/** A child that was ended had no last word, but what it spent is spent: the sum of its answers counts. */
function spokenTokens(seen: ChildLog['seen'] | undefined): TokenCounts | undefined {
  if (seen === undefined) return undefined;
  const { input, output, cached } = seen.tokens;
  return input + output + cached > 0 ? seen.tokens : undefined;
}

async function estimateOf(
  { env }: Pick<Worker, 'env'>,
  { provider }: Pick<OpenIteration, 'provider'>,
  { models, tokens }: { models: Spending['models']; tokens: TokenCounts | undefined },
): Promise<Estimate | undefined> {
  if (tokens === undefined) return undefined;
  const own = env.HOME === undefined ? {} : await readPrices(configFolder(env.HOME));
  return estimateUsd({ provider, models, tokens, own });
}
