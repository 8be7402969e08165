import * as z from 'zod';
import { PHASE_NAMES } from '../phases/table.ts';

/** What the demo's parent reads of each tool's result; what else is there it leaves alone. */
export const SetUp = z.looseObject({ summary: z.string(), sessions: z.string() });

export const Started = z.looseObject({
  session: z.string(),
  cursor: z.number(),
  phase: z.enum(PHASE_NAMES),
});

export const Look = z.looseObject({
  summary: z.string(),
  state: z.string(),
  for: z.string().optional(),
  phase: z.enum(PHASE_NAMES),
  iteration: z.number(),
  activity: z.string().optional(),
  branch: z.string().optional(),
  worktree: z.string().optional(),
  says: z.record(z.string(), z.string()).optional(),
});
export type Look = z.infer<typeof Look>;

export const Waited = z.looseObject({ changed: z.boolean(), cursor: z.number() });

const Question = z.looseObject({
  id: z.string(),
  text: z.string(),
  /** `A) its text`. */
  options: z.array(z.string()),
  /** `B - why`. */
  suggestion: z.string().optional(),
});

export const Questions = z.looseObject({ questions: z.array(Question) });

export const Plan = z.looseObject({ plan: z.string(), hash: z.string(), text: z.string() });

export const Said = z.looseObject({ summary: z.string() });
