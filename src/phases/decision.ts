import * as z from 'zod';
import { ChangedTest, ProvedRequirement, Weakening } from './proving.ts';
import { PHASE_NAMES, SIGNAL_STATUSES, WAITING_FOR } from './table.ts';

const PhaseName = z.enum(PHASE_NAMES);

/** A child's word as it is judged and recorded: known fields only, long text cut. */
export const JudgedSignal = z.object({
  status: z.enum(SIGNAL_STATUSES),
  phase: PhaseName.optional(),
  /** What the child wrote where a phase should stand. */
  unknownPhase: z.string().optional(),
  for: z.enum(WAITING_FOR).optional(),
  reason: z.string().optional(),
  needs: z.string().optional(),
  note: z.string().optional(),
  summary: z.string().optional(),
  file: z.string().optional(),
  /** Ids of messages that the child has taken into account. */
  acknowledged: z.array(z.string()).optional(),
  /** Ids of requirements that a quality agent has found to hold. */
  reviewed: z.array(z.string()).optional(),
});
export type JudgedSignal = z.infer<typeof JudgedSignal>;

/**
 * Why a child is run again in the same phase though nothing went forward. `excused`: it was cut short
 * through no fault of its own (a usage limit, an outage, a person's stop), so earlier strikes stand as they are.
 */
export const STRIKES = ['corrective', 'no_signal', 'timeout', 'failure', 'excused'] as const;
export type Strike = (typeof STRIKES)[number];

const Run = z.object({
  kind: z.literal('run'),
  phase: PhaseName,
  notes: z.array(z.string()),
  /** `backoff`: wait before the next spawn, longer each time. */
  delay: z.enum(['none', 'backoff']),
  strike: z.enum(STRIKES).optional(),
});

const Limited = z.object({
  kind: z.literal('limited'),
  phase: PhaseName,
  notes: z.array(z.string()),
  /** Milliseconds since the epoch; null when the provider gives no time, as in an outage. */
  until: z.number().nullable(),
  strike: z.enum(STRIKES).optional(),
});

const Park = z.object({
  kind: z.literal('park'),
  phase: PhaseName,
  for: z.enum(WAITING_FOR),
  /** Where the session goes when the wait is over. */
  resumePhase: PhaseName,
  reason: z.string().optional(),
  file: z.string().optional(),
  /** Nobody asked anything: the worker writes a question of its own. */
  askNothingToClarify: z.boolean().optional(),
  /** What the worker asks about: checks may show less than at the base. */
  weakened: z.array(Weakening).optional(),
  /** Further changed files of tests and checks, for people to see. */
  changedTests: z.array(z.string()).optional(),
  /** Told to the child that runs after the wait. */
  notes: z.array(z.string()).optional(),
});

const Block = z.object({
  kind: z.literal('block'),
  phase: PhaseName,
  /** For people: the child's reason, or the rule that was broken. */
  reason: z.string(),
  needs: z.string(),
  /** Usually a key of BLOCK_RULES. */
  rule: z.string(),
});

const Done = z.object({
  kind: z.literal('done'),
  phase: PhaseName,
  summary: z.string(),
  requirements: z.array(ProvedRequirement).optional(),
  changedTests: z.array(ChangedTest).optional(),
});

/** What follows from an outcome; `phase` is where the session stands from then on. */
export const Decision = z.discriminatedUnion('kind', [Run, Limited, Park, Block, Done]);
export type Decision = z.infer<typeof Decision>;
export type RunDecision = z.infer<typeof Run>;
export type ParkDecision = z.infer<typeof Park>;
export type BlockDecision = z.infer<typeof Block>;
