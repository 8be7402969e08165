import * as z from 'zod';
import { Decision } from '../../../phases/decision.ts';

/** What a folder without machine state was when a session was made of it, and where that goes on. */
export const TakenOver = z.object({
  /** Iterations that it has behind it. */
  totalIterations: z.int().nonnegative(),
  decision: Decision,
});
export type TakenOver = z.infer<typeof TakenOver>;
