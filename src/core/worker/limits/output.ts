import { closeSync, fstatSync, readSync } from 'node:fs';
import type { TokenCounts } from '../../agents/contract/events.ts';
import type { Provider, Traces } from '../../agents/contract/provider.ts';
import { type Estimate, estimateUsd, PRICES_FILE, readPrices, type Spending } from '../../agents/prices.ts';
import { addTokens, NO_TOKENS, Tally } from '../../agents/reading/tally.ts';
import { isBundled } from '../../agents/registry.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { type Line, LineSplitter } from '../../kernel/files/lines.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { openPlainFile } from '../../kernel/files/plain-file.ts';
import { stderrFileName } from '../../session/documents/documents.ts';
import type { Cost } from '../../session/events/bodies/positions.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { plausibleCost, UNPRICED } from '../../session/events/fold-spent.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { budgetUses } from './budget.ts';

const PIECE_BYTES = 256 * 1024;
/** A longer line is not an event of any CLI and is skipped. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** What one call reads at most, so that commands are taken meanwhile; the next calls read the rest. */
const MAX_AT_ONCE_BYTES = 16 * 1024 * 1024;
const LF = 0x0a;
const SPACE = 0x20;
const OPENING_BRACE = 0x7b;

/** Reads a running agent's stdout file in pieces as it grows, with constant memory. */
export class AgentOutput implements Disposable {
  readonly #path: string;
  readonly #reader: ReturnType<Provider['newReader']>;
  readonly #piece = Buffer.alloc(PIECE_BYTES);
  readonly #lines = new LineSplitter({ maxLineBytes: MAX_LINE_BYTES });
  #descriptor: number | undefined;

  readonly seen = new Tally();

  constructor(path: string, provider: Provider) {
    this.#path = path;
    this.#reader = provider.newReader();
  }

  /** The size of all output so far, even if the agent has deleted its log. */
  get printedBytes(): number {
    const sizeOf = (path: string) => statsAt(path)?.size ?? 0;
    return Math.max(sizeOf(this.#path), this.#read) + sizeOf(stderrFileName(this.#path));
  }

  /** When the newest of it was written; 0 if that is unknown. */
  get printedAt(): number {
    return statsAt(this.#path)?.mtimeMs ?? 0;
  }

  get #read(): number {
    return this.#lines.offset;
  }

  /**
   * Reads what follows the last call, up to a limit. Nothing is passed over: an agent that another worker began, or that
   * prints fast, is counted whole.
   * @returns the bytes read
   */
  readOn(): number {
    const descriptor = this.#opened();
    if (descriptor === undefined) return 0;
    let total = 0;
    while (total < MAX_AT_ONCE_BYTES) {
      const bytesRead = readSync(descriptor, this.#piece, 0, PIECE_BYTES, this.#read);
      if (bytesRead === 0) break;
      total += bytesRead;
      for (const line of this.#lines.take(this.#piece.subarray(0, bytesRead))) this.#readLine(line);
    }
    return total;
  }

  /** Reads to the current end of the file, including a last line without LF; an escaped process might keep writing. */
  readToEnd(): void {
    const descriptor = this.#opened();
    const size = descriptor === undefined ? 0 : fstatSync(descriptor).size;
    while (this.#read < size && this.readOn() > 0);
    for (const line of this.#lines.end()) this.#readLine(line);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Anything but the original log file is ignored. */
  #opened(): number | undefined {
    if (this.#descriptor === undefined) {
      const opened = openPlainFile(this.#path);
      if (opened.kind === 'opened') this.#descriptor = opened.descriptor;
    }
    return this.#descriptor;
  }

  // Events of every CLI are JSON objects: other lines are not even decoded.
  #readLine({ bytes }: Line): void {
    if (bytes === undefined || bytes.length === 0) return;
    const first = bytes[0] ?? LF;
    if (first > SPACE && first !== OPENING_BRACE) return;
    for (const event of this.#reader.readLine(bytes.toString('utf8'))) this.seen.note(event);
  }
}

export interface CostFound {
  cost: Cost;
  /** Why the cost is incomplete: no known price, or a CLI that reported no tokens. */
  gap?: 'price' | 'tokens';
}

export async function costOf(
  worker: Pick<Worker, 'env'>,
  open: Pick<OpenIteration, 'provider' | 'model'>,
  { log, traces }: { log: Pick<AgentOutput, 'seen'> | undefined; traces: Traces },
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
function gapOf(seen: AgentOutput['seen'] | undefined): 'tokens' | undefined {
  return seen?.final?.ok || (seen && Object.keys(seen.tools).length > 0) ? 'tokens' : undefined;
}

/** An agent that was ended printed no final event; the sum of its responses is used. */
function spokenTokens(seen: AgentOutput['seen'] | undefined): TokenCounts | undefined {
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
