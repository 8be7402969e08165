import type { Spent } from '../phases/caps.ts';
import type { ChildLog } from './child-log.ts';

/** What a running child has spent so far, as far as its output tells; money often comes with its last word alone. */
export function liveSpent({ seen }: Pick<ChildLog, 'seen'>, awakeMs: number): Spent {
  const { input, output } = seen.final?.tokens ?? seen.tokens;
  return {
    usd: seen.final?.costUsd ?? 0,
    tokens: input + output,
    hours: awakeMs / 3_600_000,
    iterations: 0,
  };
}
