/** How an iteration ended; which it was comes from structured output first, the exit status second, prose never. */
export const ENDING_KINDS = [
  'signalled',
  'no_signal',
  'timeout',
  'crashed',
  'killed',
  'usage_limit',
  'overloaded',
  'network',
  'auth',
  'config',
  'budget',
  'refused',
  'flooded',
  'not_started',
] as const;
export type EndingKind = (typeof ENDING_KINDS)[number];

/**
 * Endings that count against a phase's limit; the others were not the child's doing. A child that signalled
 * counts however its process ended.
 */
export const COUNTED_ENDINGS: readonly EndingKind[] = ['signalled', 'no_signal', 'timeout', 'crashed'];

/** What passes by itself and is nobody's failure: waited out. */
export const OUTAGES = ['overloaded', 'network'] as const satisfies readonly EndingKind[];
export type OutageKind = (typeof OUTAGES)[number];

export function outageOf(ending: EndingKind): OutageKind | undefined {
  return OUTAGES.find((kind) => kind === ending);
}
