import * as z from 'zod';
import { PHASE_NAMES } from '../phases/table.ts';

/** What the demo's parent reads of each tool's result; what else is there is nobody's business here. */
export const Started = z.looseObject({ session: z.string(), summary: z.string() });

export const Look = z.looseObject({
  session: z.string(),
  summary: z.string(),
  state: z.string(),
  for: z.string().optional(),
  reason: z.string().optional(),
  phase: z.enum(PHASE_NAMES),
  total_iterations: z.number().optional(),
  doing: z.string().optional(),
  branch: z.string().optional(),
  worktree: z.string().optional(),
  session_dir: z.string().optional(),
  cursor: z.number().optional(),
});
export type Look = z.infer<typeof Look>;

export const Questions = z.looseObject({
  questions: z.array(
    z.looseObject({
      id: z.string(),
      text: z.string(),
      open: z.boolean().optional(),
      options: z.array(z.looseObject({ letter: z.string(), text: z.string() })),
      suggestion: z.looseObject({ letters: z.array(z.string()), reason: z.string() }).optional(),
    }),
  ),
});

export const Plan = z.looseObject({ name: z.string(), text: z.string(), hash: z.string().optional() });

export const Said = z.looseObject({ summary: z.string() });
