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
      ? `No price is known for ${model}: so that the limit on money holds, it counts as the dearest known model of ${provider}. Its own price belongs in ~/.config/samocode/${PRICES_FILE}, in US dollars for a million tokens: {"${model}": {"input": 2, "cached": 0.2, "output": 10}}.`
      : `The child of iteration ${iteration} (${provider}) left no count of its tokens: the limit on money can't count it, whatever ~/.config/samocode/${PRICES_FILE} says. MAX_HOURS and MAX_ITERATIONS hold for it.`;
  return [{ type: 'notice', code, text, flow: text }];
}
