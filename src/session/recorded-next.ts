import * as z from 'zod';
import { ACTS, type NextStep } from '../base/acts.ts';

/** What to do next, as each face words it; what a newer samocode wrote there is left out. */
export const NextSteps = z
  .array(
    z.object({
      act: z.enum(ACTS),
      args: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).optional()).optional(),
      when: z.string().optional(),
      ifWanted: z.literal(true).optional(),
    }),
  )
  .optional()
  .catch(undefined) satisfies z.ZodType<NextStep[] | undefined>;
