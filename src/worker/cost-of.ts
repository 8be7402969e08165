import { configFolder } from '../project/config-folder.ts';
import { estimateUsd, readPrices } from '../providers/prices.ts';
import type { TokenCounts, Traces } from '../providers/provider.ts';
import type { Cost } from '../session/event-types.ts';
import type { OpenIteration } from '../session/state.ts';
import type { ChildLog } from './child-log.ts';
import type { Worker } from './worker.ts';

/** What an iteration cost and how it was spent, as far as its CLI tells; of a bounded size. */
export async function costOf(
  worker: Worker,
  open: OpenIteration,
  { log, traces }: { log: ChildLog | undefined; traces: Traces },
): Promise<Cost> {
  const seen = log?.seen;
  const { final, started = {} } = seen ?? {};
  const model = started.model ?? traces.model ?? (open.model === '' ? undefined : open.model);
  const version = started.version ?? traces.version;
  const tokens = final?.tokens ?? traces.tokens ?? spokenTokens(seen);
  const usd = final?.costUsd ?? (await estimate(worker, model, tokens));
  return {
    ...(usd !== undefined && { usd }),
    ...(usd !== undefined && final?.costUsd === undefined && { usdIsEstimate: true }),
    ...(final?.turns !== undefined && { turns: final.turns }),
    ...(tokens && {
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      cachedTokens: tokens.cached,
    }),
    ...(model !== undefined && { model: model.slice(0, 100) }),
    ...(version !== undefined && { version: version.slice(0, 100) }),
    ...(seen && Object.keys(seen.tools).length > 0 && { tools: seen.tools }),
    ...(seen && seen.files.length > 0 && { files: seen.files }),
    ...(final?.deniedTools && { denied: final.deniedTools.slice(0, 40) }),
  };
}

/** A child that was ended had no last word, but what it spent is spent: the sum of its answers counts. */
function spokenTokens(seen: ChildLog['seen'] | undefined): TokenCounts | undefined {
  if (seen === undefined) return undefined;
  const { input, output, cached } = seen.tokens;
  return input + output + cached > 0 ? seen.tokens : undefined;
}

async function estimate(
  { env }: Worker,
  model: string | undefined,
  tokens: Parameters<typeof estimateUsd>[1] | undefined,
): Promise<number | undefined> {
  if (model === undefined || tokens === undefined) return undefined;
  const own = env.HOME === undefined ? {} : await readPrices(configFolder(env.HOME));
  return estimateUsd(model, tokens, own);
}
