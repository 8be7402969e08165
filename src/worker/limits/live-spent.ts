import { configFolder } from '../../base/config-folder.ts';
import type { Spent } from '../../phases/caps.ts';
import type { Meter, TokenCounts } from '../../providers/contract/provider.ts';
import { estimateUsd, type Price, readPrices } from '../../providers/reading/prices.ts';
import { providerNamed } from '../../providers/registry.ts';
import { plausible } from '../../session/events/fold-cost.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { Worker } from '../core/worker.ts';
import type { ChildLog } from './child-log.ts';

/**
 * What a running child has spent so far, as far as anything tells: Claude Code by its output and, of money, by
 * a limit of its own; Codex and Gemini CLI by their own logs, after every answer. @returns asks for it
 */
export function liveSpent(
  worker: Pick<Worker, 'env'>,
  { provider, model }: Pick<OpenIteration, 'provider' | 'model'>,
  { seen }: Pick<ChildLog, 'seen'>,
): (awakeMs: number) => Promise<Spent> {
  let meter: Meter | undefined;
  let prices: Record<string, Price> | undefined;
  const ask = async (): ReturnType<Meter> => {
    const { cliSession } = seen.started;
    if (cliSession === undefined) return {};
    meter ??= providerNamed(provider).newMeter?.({ cliSession, env: worker.env });
    return (await meter?.()) ?? {};
  };
  const estimate = async (tokens: TokenCounts, noted: string | undefined) => {
    const { HOME } = worker.env;
    prices ??= HOME === undefined ? {} : await readPrices(configFolder(HOME));
    const models = [seen.started.model, noted, model];
    return estimateUsd({ provider, models, tokens, own: prices })?.usd;
  };
  return async (awakeMs) => {
    const noted = seen.final === undefined ? await ask() : {};
    const told = seen.final?.tokens ?? noted.tokens;
    const tokens = told ?? seen.tokens;
    const usd = seen.final?.costUsd ?? (told && (await estimate(told, noted.model)));
    return {
      usd: plausible(usd ?? 0),
      tokens: plausible(tokens.input + tokens.output),
      hours: awakeMs / 3_600_000,
      iterations: 0,
    };
  };
}
