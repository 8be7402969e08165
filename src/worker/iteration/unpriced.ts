import { PRICES_FILE } from '../../providers/reading/prices.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { UNPRICED } from '../../session/events/fold-spent.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { budgetUses } from '../limits/budget.ts';
import type { ProcessEnd } from './how-it-ended.ts';

/** Where money is limited, people are told once for each CLI that its cost is a guess or can't be counted. */
export function unpriced(
  worker: Pick<Worker, 'file' | 'writer'>,
  { provider, phase, iteration }: Pick<OpenIteration, 'provider' | 'phase' | 'iteration'>,
  { gap, cost }: Pick<ProcessEnd, 'gap' | 'cost'>,
): NewEvent[] {
  const code = `${UNPRICED}${provider}`;
  const state = stateOf(worker);
  // A rehearsal costs nothing.
  if (gap === undefined || provider === 'rehearsal' || state.budgetTold.includes(code)) return [];
  if (!budgetUses(worker, state, { phase }).some(({ cap }) => cap === 'usd')) return [];
  const model = cost.model ?? `the model of ${provider}`;
  const text =
    gap === 'price'
      ? `No price is known for ${model}: to keep the limit on money, it is counted as the most expensive known model of ${provider}. Add its price to ~/.config/samocode/${PRICES_FILE}, in US dollars for a million tokens: {"${model}": {"input": 2, "cached": 0.2, "output": 10}}.`
      : `The agent of iteration ${iteration} (${provider}) reported no tokens, so no limit on money or tokens includes it. MAX_HOURS and MAX_ITERATIONS still apply.`;
  return [{ type: 'notice', code, text, flow: text }];
}
