import * as z from 'zod';
import { ACTS, type NextStep } from '../../../base/acts.ts';

/** What to do next, in an event: each face words it. What a newer samocode wrote there is left out. */
const RecordedSteps = z
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

/** Why a command was not carried out. */
export const Refusal = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  next: RecordedSteps,
});

/** Why a session cannot continue until a person acts. */
export const Block = z.object({
  reason: z.string(),
  needs: z.string(),
  rule: z.string(),
  /** What opens it, where a resume with a note does not. */
  next: RecordedSteps,
});
