import type { TokenCounts } from '../../agents/contract/events.ts';
import type { Traces } from '../../agents/contract/provider.ts';
import { type Estimate, estimateUsd, PRICES_FILE, readPrices, type Spending } from '../../agents/prices.ts';
import { addTokens, NO_TOKENS } from '../../agents/reading/tally.ts';
import { isBundled } from '../../agents/registry.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import type { Cost } from '../../session/events/bodies/positions.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { plausibleCost, UNPRICED } from '../../session/events/fold-spent.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { budgetUses } from './budget.ts';
import type { ChildLog } from './output.ts';

export interface CostFound {
  cost: Cost;
  /** Why the cost is incomplete: no known price, or a CLI that reported no tokens. */
  gap?: 'price' | 'tokens';
}

export async function costOf(
  worker: Pick<Worker, 'env'>,
  open: Pick<OpenIteration, 'provider' | 'model'>,
  { log, traces }: { log: Pick<ChildLog, 'seen'> | undefined; traces: Traces },
): Promise<CostFound> {
  const seen = log?.seen;
  const { final, started = {} } = seen ?? {};
  const version = started.version ?? traces.version;
  const own = final?.tokens ?? traces.tokens ?? spokenTokens(seen);
  const tokens = traces.ofHelpers ? addTokens(own ?? NO_TOKENS, traces.ofHelpers) : own;
  // The configured model can be an alias; the CLI's own log names the one that answered.
  const models = [started.model, traces.model, open.model || undefined];
  const known = final?.costUsd ?? seen?.usd;
  const estimate = known === undefined ? await estimateOf(worker, open, { models, tokens }) : undefined;
  const usd = known ?? estimate?.usd;
  const [reported, noted, asked] = models;
  const model = estimate?.model ?? (estimate && noted) ?? reported ?? noted ?? asked;
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

/** A CLI that did nothing spent nothing. */
function gapOf(seen: ChildLog['seen'] | undefined): 'tokens' | undefined {
  return seen?.final?.ok || (seen && Object.keys(seen.tools).length > 0) ? 'tokens' : undefined;
}

/** An agent that was ended printed no final event; the sum of its responses is used. */
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

/** If money is limited, a notice once per CLI whose cost is an estimate or unknown. */
export function unpriced(
  worker: Pick<Worker, 'file' | 'writer'>,
  { provider, phase, iteration }: Pick<OpenIteration, 'provider' | 'phase' | 'iteration'>,
  { gap, cost }: CostFound,
): NewEvent[] {
  const code = `${UNPRICED}${provider}`;
  const state = stateOf(worker);
  // The bundled agent costs nothing.
  if (gap === undefined || isBundled(provider) || state.budgetWarned.includes(code)) return [];
  if (!budgetUses(worker, state, { phase }).some(({ limitName }) => limitName === 'usd')) return [];
  const model = cost.model ?? `the model of ${provider}`;
  const text =
    gap === 'price'
      ? `No price is known for ${model}: to enforce the limit on money, it is priced like the most expensive known model of ${provider}. Add its price to ~/.config/samocode/${PRICES_FILE}, in US dollars per million tokens: {"${model}": {"input": 2, "cached": 0.2, "output": 10}}.`
      : `The agent of iteration ${iteration} (${provider}) reported no tokens, so no limit on money or tokens includes it. Limits on hours and iterations still apply.`;
  return [{ type: 'notice', code, text, flow: text }];
}
