import * as z from 'zod';
import { PHASE_NAMES } from '../phases/table.ts';

/** What is fixed when an iteration begins. */
export const BegunIteration = z.object({
  iteration: z.int(),
  phase: z.enum(PHASE_NAMES),
  provider: z.string(),
  model: z.string(),
  /** File name in `_logs/`, without its folder. */
  log: z.string(),
  childUuid: z.string(),
  timeLimitMs: z.number(),
  /** All that is left of the budget is for leaving things in order. */
  wrapUp: z.boolean().optional(),
  /** The run folder is looked at right before its child is let go and when it is gone; older workers did not. */
  watched: z.literal(true).optional(),
});
