import * as z from 'zod';

/** Another provider or model that a person chose for the children from now on. */
export const ChosenChild = z.object({
  /** For every phase. Absent: the session's own, by phase. */
  provider: z.string().optional(),
  /** With a provider: for every phase, empty for its own default. Alone: for the phases that have no own model. */
  model: z.string(),
  /** Absolute path of the provider's CLI. */
  cliPath: z.string().optional(),
});
export type ChosenChild = z.infer<typeof ChosenChild>;
