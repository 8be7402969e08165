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
 * a limit of its own; Codex and Gemini CLI by their own logs, after every answer.
 */
export class LiveSpent {
  readonly #worker: Pick<Worker, 'env'>;
  readonly #open: Pick<OpenIteration, 'provider' | 'model'>;
  readonly #log: Pick<ChildLog, 'seen'>;
  #meter: Meter | undefined;
  #prices: Record<string, Price> | undefined;

  constructor(
    worker: Pick<Worker, 'env'>,
    open: Pick<OpenIteration, 'provider' | 'model'>,
    log: Pick<ChildLog, 'seen'>,
  ) {
    this.#worker = worker;
    this.#open = open;
    this.#log = log;
  }

  async after(awakeMs: number): Promise<Spent> {
    const { seen } = this.#log;
    const noted = seen.final === undefined ? await this.#ask() : {};
    const tokens = seen.final?.tokens ?? noted.tokens ?? seen.tokens;
    const told = seen.final?.tokens ?? noted.tokens;
    const usd = seen.final?.costUsd ?? (told && (await this.#estimate(told, noted.model)));
    return {
      usd: plausible(usd ?? 0),
      tokens: plausible(tokens.input + tokens.output),
      hours: awakeMs / 3_600_000,
      iterations: 0,
    };
  }

  async #ask(): ReturnType<Meter> {
    const { cliSession } = this.#log.seen.started;
    if (cliSession === undefined) return {};
    this.#meter ??= providerNamed(this.#open.provider).newMeter?.({ cliSession, env: this.#worker.env });
    return (await this.#meter?.()) ?? {};
  }

  async #estimate(tokens: TokenCounts, noted: string | undefined): Promise<number | undefined> {
    const { HOME } = this.#worker.env;
    this.#prices ??= HOME === undefined ? {} : await readPrices(configFolder(HOME));
    const { provider, model } = this.#open;
    const models = [this.#log.seen.started.model, noted, model];
    return estimateUsd({ provider, models, tokens, own: this.#prices })?.usd;
  }
}
